-- review: what every reporter hears back, and the mails of the review.

-- A mail that the review decided to write, kept in the transaction that decided it and sent by the worker. It is a transport copy:
-- its letter is emptied when it has arrived.
CREATE TABLE review.mail (
  municipality text NOT NULL,
  -- Becomes the Message-ID: a repeat carries the same one.
  id           uuid NOT NULL,
  -- What it is about, and which one of these: kind, key and recipient are one mail for ever.
  kind         text NOT NULL CHECK (kind ~ '^[a-z_]{1,32}$'),
  key          text NOT NULL CHECK (length(key) BETWEEN 1 AND 200),
  -- A person of the municipality, whose address is looked up when the mail leaves; or an address.
  person       uuid,
  address      text NOT NULL DEFAULT '' CHECK (length(address) <= 320),
  language     text NOT NULL CHECK (language IN ('sv', 'en')),
  subject      text NOT NULL CHECK (length(subject) BETWEEN 1 AND 200),
  -- {text, html, attachments: [{name, type, content}], headers: {}}; null when it has arrived.
  letter       jsonb,
  state        text NOT NULL CHECK (state IN ('due', 'sent', 'failed')),
  created_at   timestamptz NOT NULL,
  next_at      timestamptz NOT NULL,
  attempts     int NOT NULL DEFAULT 0,
  leased_until timestamptz,
  -- What the last attempt said, without addresses.
  error        text NOT NULL DEFAULT '',
  ended_at     timestamptz,
  PRIMARY KEY (municipality, id),
  CHECK ((person IS NULL) = (address <> '')),
  CHECK ((state = 'due') = (ended_at IS NULL)),
  CHECK (state <> 'failed' OR error <> ''),
  CHECK ((letter IS NULL) = (state = 'sent'))
) WITH (fillfactor = 80);
CREATE UNIQUE INDEX mail_once ON review.mail (municipality, kind, key, coalesce(person::text, lower(address)));
CREATE INDEX mail_due ON review.mail (next_at) WHERE state = 'due';
CREATE INDEX mail_created ON review.mail (created_at);

ALTER TABLE review.mail ENABLE ROW LEVEL SECURITY;
ALTER TABLE review.mail FORCE ROW LEVEL SECURITY;
-- A page writes a mail in its viewer's municipality; the worker alone reads and sends them.
CREATE POLICY review_write ON review.mail FOR INSERT TO samsyn_review
  WITH CHECK ((SELECT contract.viewer_municipality()) IS NULL OR municipality = (SELECT contract.viewer_municipality()));
CREATE POLICY review_send ON review.mail FOR SELECT TO samsyn_review USING ((SELECT contract.viewer_municipality()) IS NULL);
CREATE POLICY review_settle ON review.mail FOR UPDATE TO samsyn_review USING ((SELECT contract.viewer_municipality()) IS NULL);
GRANT SELECT, INSERT, UPDATE ON review.mail TO samsyn_review;

-- What came of each report that the review has come to; a report without a row is received and nothing more. Week, position and action
-- are those of the situation report, the flagged place and the decision that the report is part of.
CREATE TABLE review.feedback (
  municipality text NOT NULL,
  agency       text NOT NULL,
  report       text NOT NULL,
  -- How often it changed. Each change is told once to the agency, under an id that follows from this number.
  change       int NOT NULL CHECK (change > 0),
  state        text NOT NULL CHECK (state IN ('picture', 'position', 'done')),
  week         date CHECK (extract(isodow FROM week) = 1),
  position     text NOT NULL DEFAULT '' CHECK (position IN ('', 'act', 'watch', 'dismiss', 'handover')),
  until_week   date CHECK (extract(isodow FROM until_week) = 1),
  measure      text NOT NULL DEFAULT '',
  action       text NOT NULL DEFAULT '' CHECK (action IN ('', 'open', 'done', 'cancelled')),
  -- The same in words.
  text_sv      text NOT NULL,
  text_en      text NOT NULL,
  -- By the municipality's clock. answered_at is when anything was told for the first time.
  reported_at  timestamptz NOT NULL,
  answered_at  timestamptz NOT NULL,
  picture_at   timestamptz,
  position_at  timestamptz,
  done_on      date,
  changed_at   timestamptz NOT NULL,
  -- Who sent it by the form, and the change that they were last written about.
  reporter     uuid,
  mailed       int NOT NULL DEFAULT 0,
  PRIMARY KEY (municipality, agency, report),
  CHECK (state <> 'picture' OR week IS NOT NULL AND position = ''),
  CHECK (state <> 'position' OR position <> '' AND action <> 'done'),
  CHECK ((state = 'done') = (action = 'done')),
  CHECK (position = 'watch' OR until_week IS NULL),
  CHECK (position = 'act' OR measure = '' AND action = ''),
  CHECK (mailed <= change)
) WITH (fillfactor = 70);
CREATE INDEX feedback_unmailed ON review.feedback (municipality, reporter) WHERE reporter IS NOT NULL AND mailed < change;

-- What the reports were last held against: 'week <Monday>' in its version, 'flag <id>' with its position, action and revision.
CREATE TABLE review.feedback_seen (
  municipality text NOT NULL,
  source       text NOT NULL,
  version      text NOT NULL,
  PRIMARY KEY (municipality, source)
) WITH (fillfactor = 80);

-- Committed and not yet published on the agency's receipts.
CREATE TABLE review.feedback_outgoing (
  municipality text NOT NULL,
  number       bigint GENERATED ALWAYS AS IDENTITY,
  agency       text NOT NULL,
  id           uuid NOT NULL,
  body         bytea NOT NULL,
  PRIMARY KEY (municipality, number)
);

-- What was done by itself: the Monday of the last week in which reporters were written to.
CREATE TABLE review.feedback_head (
  municipality text PRIMARY KEY,
  mailed_week  date CHECK (extract(isodow FROM mailed_week) = 1)
);

-- Who does not want mails of a kind.
CREATE TABLE review.mail_refusal (
  municipality text NOT NULL,
  person       uuid NOT NULL,
  kind         text NOT NULL CHECK (kind IN ('feedback')),
  at           timestamptz NOT NULL,
  PRIMARY KEY (municipality, person, kind)
);

-- How many reports were answered, and how fast, over the last twelve weeks that have a situation report. Agency '' is all of them.
CREATE TABLE review.answer (
  municipality text NOT NULL,
  agency       text NOT NULL,
  -- Mondays, both included.
  from_week    date NOT NULL,
  to_week      date NOT NULL,
  -- Counted reports of incidents of these weeks; of them: any feedback, and a position.
  reports      int NOT NULL CHECK (reports > 0),
  answered     int NOT NULL CHECK (answered BETWEEN 0 AND reports),
  positioned   int NOT NULL CHECK (positioned BETWEEN 0 AND answered),
  -- From the report to the first feedback; null where nothing was answered.
  median_days  double precision CHECK ((median_days IS NULL) = (answered = 0)),
  as_of        timestamptz NOT NULL,
  PRIMARY KEY (municipality, agency)
);

DO $$
DECLARE
  t text;
BEGIN
  FOREACH t IN ARRAY ARRAY['feedback', 'feedback_seen', 'feedback_outgoing', 'feedback_head', 'mail_refusal', 'answer'] LOOP
    EXECUTE format('ALTER TABLE review.%I ENABLE ROW LEVEL SECURITY', t);
    EXECUTE format('ALTER TABLE review.%I FORCE ROW LEVEL SECURITY', t);
    -- The worker, which has no viewer, tells; nobody else does.
    EXECUTE format('CREATE POLICY review_work ON review.%I TO samsyn_review
      USING ((SELECT contract.viewer_municipality()) IS NULL) WITH CHECK ((SELECT contract.viewer_municipality()) IS NULL)', t);
    EXECUTE format('GRANT SELECT, INSERT, UPDATE ON review.%I TO samsyn_review', t);
  END LOOP;
  FOREACH t IN ARRAY ARRAY['feedback_outgoing', 'mail_refusal', 'answer'] LOOP
    EXECUTE format('GRANT DELETE ON review.%I TO samsyn_review', t);
  END LOOP;
  -- The shares are the same for everyone inside the agreement.
  EXECUTE 'CREATE POLICY review_read ON review.answer FOR SELECT TO samsyn_review USING (municipality = (SELECT contract.viewer_municipality()))';
  EXECUTE 'CREATE POLICY web_read ON review.answer FOR SELECT TO samsyn_web USING (municipality = (SELECT contract.viewer_municipality()))';
END
$$;
GRANT SELECT ON review.answer TO samsyn_web;
-- What came of a report is its own agency's.
CREATE POLICY review_own ON review.feedback FOR SELECT TO samsyn_review
  USING (municipality = (SELECT contract.viewer_municipality()) AND agency = (SELECT nullif(current_setting('samsyn.agency', true), '')));
CREATE POLICY agency_own ON review.feedback FOR SELECT TO samsyn_agency
  USING (municipality = (SELECT contract.app_municipality()) AND agency = (SELECT contract.app_agency()));
GRANT SELECT (municipality, agency, report, change, state, week, position, until_week, measure, action, text_sv, text_en, reported_at, answered_at,
  picture_at, position_at, done_on, changed_at) ON review.feedback TO samsyn_agency;

CREATE VIEW contract.feedback WITH (security_invoker = true) AS
  SELECT municipality, agency, report, change, state, week, position, until_week, measure, action, text_sv, text_en, reported_at, answered_at,
         picture_at, position_at, done_on, changed_at FROM review.feedback;
GRANT SELECT ON contract.feedback TO samsyn_agency, samsyn_review;
CREATE VIEW contract.answer WITH (security_invoker = true) AS
  SELECT municipality, agency, from_week, to_week, reports, answered, positioned, median_days, as_of FROM review.answer;
GRANT SELECT ON contract.answer TO samsyn_review, samsyn_web;
-- Who sent a report, for the worker that writes to them and for nobody with a viewer.
CREATE VIEW contract.reporter WITH (security_invoker = true) AS
  SELECT municipality, agency, report, reporter FROM correlator.report WHERE (SELECT contract.viewer_municipality()) IS NULL;
GRANT SELECT ON contract.reporter TO samsyn_review;
