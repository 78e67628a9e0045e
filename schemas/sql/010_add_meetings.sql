-- review: meetings, what was decided in them, their minutes.
--
-- A meeting goes from planned over running and ended to adjusted, never back. Its agenda is fixed when it
-- starts and holds numbers, codes and names of areas and agencies: no table that the screen on the wall is
-- drawn from has a column for what people wrote.

CREATE TABLE review.meeting (
  municipality text NOT NULL REFERENCES registry.municipality,
  meeting      uuid NOT NULL,
  -- The Monday of the week that it looks at.
  week         date NOT NULL CHECK (extract(isodow FROM week) = 1),
  starts_at    timestamptz NOT NULL,
  ends_at      timestamptz NOT NULL CHECK (ends_at > starts_at),
  state        text NOT NULL DEFAULT 'planned' CHECK (state IN ('planned', 'running', 'ended', 'adjusted')),
  -- Raised by every change of this row: who saves names the one that was shown.
  version      int NOT NULL DEFAULT 1,
  -- Of iCalendar: raised when the time moves.
  sequence     int NOT NULL DEFAULT 0,
  -- What is talked about, in order, with its numbers; and the item that is talked about now.
  agenda       jsonb,
  item         text,
  started_at   timestamptz,
  started_by   uuid,
  ended_at     timestamptz,
  ended_by     uuid,
  -- The minutes are true: nothing of them changes any more. Without a person: by itself, when its time was up.
  adjusted_at  timestamptz,
  adjusted_by  uuid,
  next_at      timestamptz,
  -- Of the secretary; in the minutes, never on the wall.
  notes        text NOT NULL DEFAULT '' CHECK (length(notes) <= 20000),
  created_at   timestamptz NOT NULL,
  updated_at   timestamptz NOT NULL,
  PRIMARY KEY (municipality, meeting),
  UNIQUE (municipality, week),
  CHECK ((state = 'planned') = (started_at IS NULL) AND (state = 'planned') = (agenda IS NULL) AND (state = 'planned') = (item IS NULL)),
  CHECK ((state IN ('ended', 'adjusted')) = (ended_at IS NOT NULL)),
  CHECK ((state = 'adjusted') = (adjusted_at IS NOT NULL)),
  CHECK (adjusted_by IS NULL OR adjusted_at IS NOT NULL)
);
CREATE INDEX meeting_open ON review.meeting (municipality, starts_at) WHERE state IN ('planned', 'running', 'ended');

-- What the agenda would hold and somebody took out before the meeting, by its key.
CREATE TABLE review.meeting_hidden (
  municipality text NOT NULL,
  meeting      uuid NOT NULL,
  item         text NOT NULL CHECK (length(item) BETWEEN 1 AND 64),
  PRIMARY KEY (municipality, meeting, item),
  FOREIGN KEY (municipality, meeting) REFERENCES review.meeting
);

-- Questions of our own. The title is for the secretary and the minutes; the wall has a number.
CREATE TABLE review.meeting_question (
  municipality text NOT NULL,
  meeting      uuid NOT NULL,
  question     uuid NOT NULL,
  title        text NOT NULL CHECK (length(title) BETWEEN 1 AND 120),
  created_at   timestamptz NOT NULL,
  PRIMARY KEY (municipality, meeting, question),
  FOREIGN KEY (municipality, meeting) REFERENCES review.meeting
);

-- Who is in the room. The person without id is somebody of an agency that has no member of the review.
CREATE TABLE review.meeting_attendance (
  municipality text NOT NULL,
  meeting      uuid NOT NULL,
  agency       text NOT NULL,
  person       uuid NOT NULL DEFAULT '00000000-0000-0000-0000-000000000000',
  PRIMARY KEY (municipality, meeting, agency, person),
  FOREIGN KEY (municipality, meeting) REFERENCES review.meeting
);

-- The paragraphs of the minutes. One subject has one paragraph in a meeting, however often it is decided anew in it.
CREATE TABLE review.meeting_decision (
  municipality text NOT NULL,
  meeting      uuid NOT NULL,
  number       int NOT NULL CHECK (number > 0),
  -- The agenda's item: flag:<id> or action:<id>.
  subject      text NOT NULL CHECK (length(subject) BETWEEN 1 AND 64),
  kind         text NOT NULL CHECK (kind IN ('act', 'watch', 'dismiss', 'handover', 'due', 'done')),
  -- Codes, numbers, days and names of areas and agencies; nothing that was written.
  body         jsonb NOT NULL,
  decided_at   timestamptz NOT NULL,
  decided_by   uuid,
  PRIMARY KEY (municipality, meeting, number),
  UNIQUE (municipality, meeting, subject),
  FOREIGN KEY (municipality, meeting) REFERENCES review.meeting
);

-- A person's calendar address. Of the secret in it only the SHA-256 is kept; a new one ends the old one.
CREATE TABLE review.calendar_feed (
  municipality text NOT NULL,
  person       uuid NOT NULL,
  secret_hash  bytea NOT NULL CHECK (length(secret_hash) = 32),
  created_at   timestamptz NOT NULL,
  PRIMARY KEY (municipality, person)
);
CREATE INDEX calendar_feed_secret ON review.calendar_feed (secret_hash);

-- A worker has no viewer. A page has one: it reads its viewer's municipality, and a coordinator changes it.
DO $$
DECLARE
  t text;
  own text := '((SELECT contract.viewer_municipality()) IS NULL OR municipality = (SELECT contract.viewer_municipality()))';
  lead text := '((SELECT contract.viewer_municipality()) IS NULL OR municipality = (SELECT contract.viewer_municipality())
    AND ''coordinator'' = ANY (string_to_array(current_setting(''samsyn.roles'', true), '','')))';
BEGIN
  FOREACH t IN ARRAY ARRAY['meeting', 'meeting_hidden', 'meeting_question', 'meeting_attendance', 'meeting_decision'] LOOP
    EXECUTE format('ALTER TABLE review.%I ENABLE ROW LEVEL SECURITY', t);
    EXECUTE format('ALTER TABLE review.%I FORCE ROW LEVEL SECURITY', t);
    EXECUTE format('CREATE POLICY review_read ON review.%I FOR SELECT TO samsyn_review USING %s', t, own);
    EXECUTE format('CREATE POLICY review_insert ON review.%I FOR INSERT TO samsyn_review WITH CHECK %s', t, lead);
    EXECUTE format('CREATE POLICY review_update ON review.%I FOR UPDATE TO samsyn_review USING %s WITH CHECK %s', t, lead, lead);
    EXECUTE format('GRANT SELECT, INSERT, UPDATE ON review.%I TO samsyn_review', t);
  END LOOP;
  -- Taken back before the meeting or while it runs; meetings and decisions are a record and stay.
  FOREACH t IN ARRAY ARRAY['meeting_hidden', 'meeting_question', 'meeting_attendance'] LOOP
    EXECUTE format('CREATE POLICY review_delete ON review.%I FOR DELETE TO samsyn_review USING %s', t, lead);
    EXECUTE format('GRANT DELETE ON review.%I TO samsyn_review', t);
  END LOOP;
END
$$;
-- The calendar changed and the program drops what it had planned.
CREATE POLICY review_drop ON review.meeting FOR DELETE TO samsyn_review
  USING (state = 'planned' AND (SELECT contract.viewer_municipality()) IS NULL);
GRANT DELETE ON review.meeting TO samsyn_review;
ALTER TABLE review.calendar_feed ENABLE ROW LEVEL SECURITY;
ALTER TABLE review.calendar_feed FORCE ROW LEVEL SECURITY;
CREATE POLICY review_own ON review.calendar_feed TO samsyn_review
  USING ((SELECT contract.viewer_municipality()) IS NULL
         OR municipality = (SELECT contract.viewer_municipality()) AND person::text = (SELECT current_setting('samsyn.person', true)))
  WITH CHECK (municipality = (SELECT contract.viewer_municipality()) AND person::text = (SELECT current_setting('samsyn.person', true)));
GRANT SELECT, INSERT, UPDATE ON review.calendar_feed TO samsyn_review;
-- Foreign keys are checked as the owner.
CREATE POLICY foreign_keys ON review.meeting FOR SELECT TO samsyn_owner USING (true);

CREATE VIEW contract.meeting WITH (security_invoker = true) AS
  SELECT municipality, meeting, week, starts_at, ends_at, state, ended_at FROM review.meeting;
GRANT SELECT ON contract.meeting TO samsyn_review;
