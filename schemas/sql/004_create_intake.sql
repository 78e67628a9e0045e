-- intake: what was answered under an Idempotency-Key. Nothing else is stored at the door: an event is in its stream, and
-- what became of it is the correlator's.

CREATE SCHEMA intake;
GRANT USAGE ON SCHEMA intake TO samsyn_intake;

CREATE TABLE intake.answer (
  municipality text NOT NULL,
  agency       text NOT NULL,
  key          text NOT NULL CHECK (length(key) BETWEEN 1 AND 128),
  -- SHA-256 of method, address, content type and body: the same key for another request is a conflict.
  fingerprint  bytea NOT NULL CHECK (length(fingerprint) = 32),
  -- Whoever took the key answers it; a claim that its taker never answered is given to the next one who asks.
  claim        uuid NOT NULL,
  claimed_at   timestamptz NOT NULL,
  expires_at   timestamptz NOT NULL CHECK (expires_at > claimed_at),
  -- The answer: absent while the request is under way. It holds codes, paths and numbers, never a report's text.
  status       int2 CHECK (status BETWEEN 200 AND 499),
  content_type text,
  language     text,
  body         bytea,
  PRIMARY KEY (municipality, agency, key),
  CHECK (num_nulls(status, content_type, language, body) IN (0, 4))
);
-- Expired answers of an agency are removed when it uses its next key.
CREATE INDEX answer_expires ON intake.answer (municipality, agency, expires_at);
ALTER TABLE intake.answer ALTER COLUMN body SET STORAGE EXTERNAL;

-- One login serves every agency here, so the transaction says whose request it is and the policy holds it to that.
ALTER TABLE intake.answer ENABLE ROW LEVEL SECURITY;
ALTER TABLE intake.answer FORCE ROW LEVEL SECURITY;
CREATE POLICY intake_viewer ON intake.answer TO samsyn_intake
  USING (municipality = (SELECT contract.viewer_municipality())
     AND agency = (SELECT nullif(current_setting('samsyn.agency', true), '')))
  WITH CHECK (municipality = (SELECT contract.viewer_municipality())
     AND agency = (SELECT nullif(current_setting('samsyn.agency', true), '')));
GRANT SELECT, INSERT, UPDATE, DELETE ON intake.answer TO samsyn_intake;

-- What people sent by the form: which report it became, so that a form sent twice is one report, and its writer finds it
-- again and may take it back. No text is held; what became of a report is the correlator's.
CREATE TABLE intake.sent (
  municipality  text NOT NULL,
  agency        text NOT NULL,
  person        text NOT NULL CHECK (length(person) BETWEEN 1 AND 64),
  kind          text NOT NULL CHECK (kind IN ('incident', 'nothing')),
  report        text NOT NULL CHECK (length(report) BETWEEN 1 AND 64),
  revision      int NOT NULL CHECK (revision >= 1),
  -- SHA-256 of what was filled in: the same form again is the same event.
  fingerprint   bytea NOT NULL CHECK (length(fingerprint) = 32),
  -- The event's time: an attempt that is made again says the same. Whole milliseconds.
  begun_at      timestamptz NOT NULL,
  -- When the stream had it; absent while nobody knows.
  stored_at     timestamptz,
  category      text,
  place         text,
  unit          text NOT NULL,
  occurred_from timestamptz NOT NULL,
  occurred_to   timestamptz NOT NULL CHECK (occurred_to >= occurred_from),
  -- Taken back by its writer: the withdrawal's revision and time, and when the stream had it.
  withdrawal     int,
  withdrawn_at   timestamptz,
  withdrawal_stored_at timestamptz,
  PRIMARY KEY (municipality, agency, kind, report),
  CHECK ((kind = 'incident') = (category IS NOT NULL) AND (kind = 'incident') = (place IS NOT NULL)),
  CHECK ((withdrawal IS NULL) = (withdrawn_at IS NULL)),
  CHECK (withdrawal_stored_at IS NULL OR withdrawal IS NOT NULL)
);
CREATE INDEX sent_person ON intake.sent (municipality, agency, person, begun_at DESC);

-- A person reads and writes what is their own, and nobody else reads it here.
ALTER TABLE intake.sent ENABLE ROW LEVEL SECURITY;
ALTER TABLE intake.sent FORCE ROW LEVEL SECURITY;
CREATE POLICY intake_person ON intake.sent TO samsyn_intake
  USING (municipality = (SELECT contract.viewer_municipality())
     AND agency = (SELECT nullif(current_setting('samsyn.agency', true), ''))
     AND person = (SELECT nullif(current_setting('samsyn.person', true), '')))
  WITH CHECK (municipality = (SELECT contract.viewer_municipality())
     AND agency = (SELECT nullif(current_setting('samsyn.agency', true), ''))
     AND person = (SELECT nullif(current_setting('samsyn.person', true), '')));
GRANT SELECT, INSERT, UPDATE ON intake.sent TO samsyn_intake;
