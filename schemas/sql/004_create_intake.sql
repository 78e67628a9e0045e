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
