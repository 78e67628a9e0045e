-- review: the calendar of the weekly review, and the position taken on every flagged place.
--
-- Record:     position_event (every position taken, and every watched place that came back). Append-only.
-- Projection: position (the latest of each flagged place).
-- Settings:   rhythm (when the municipality reports and meets).
-- Edge:       lease (which process works now), week (what happened by itself, once a week), outgoing (committed and not yet
--             published).

CREATE TABLE review.rhythm (
  municipality text PRIMARY KEY REFERENCES registry.municipality,
  -- Raised by every change: who saves names the one that was shown.
  version      int NOT NULL CHECK (version > 0),
  cadence      text NOT NULL CHECK (cadence IN ('weekly', 'biweekly', 'monthly')),
  -- ISO weekdays, 1 is Monday, and times of day in the municipality's zone.
  deadline_day int2 NOT NULL CHECK (deadline_day BETWEEN 1 AND 7),
  deadline_at  time NOT NULL,
  meeting_day  int2 NOT NULL CHECK (meeting_day BETWEEN 1 AND 7),
  meeting_at   time NOT NULL,
  minutes      int2 NOT NULL CHECK (minutes BETWEEN 15 AND 480),
  remind_at    time NOT NULL,
  -- The Monday of a week that a meeting looks at: says which weeks have one.
  first_week   date NOT NULL CHECK (extract(isodow FROM first_week) = 1),
  changed_at   timestamptz NOT NULL,
  changed_by   uuid
);

-- The weeks that the program has looked at: until when they are reported on, when a meeting looks at them, and that units were reminded.
CREATE TABLE review.week (
  municipality text NOT NULL REFERENCES registry.municipality,
  week         date NOT NULL CHECK (extract(isodow FROM week) = 1),
  deadline     timestamptz NOT NULL,
  -- Null: no meeting looks at it.
  meeting      timestamptz CHECK (meeting > deadline),
  reminded_at  timestamptz,
  PRIMARY KEY (municipality, week)
);

CREATE TABLE review.position_event (
  municipality text NOT NULL,
  flag         uuid NOT NULL,
  version      int NOT NULL CHECK (version > 0),
  verb         text NOT NULL CHECK (verb IN ('decided', 'returned')),
  -- By the municipality's clock. Null by: the program itself.
  at           timestamptz NOT NULL,
  by           uuid,
  -- The whole position as it became.
  body         jsonb NOT NULL,
  PRIMARY KEY (municipality, flag, version, verb)
);

CREATE TABLE review.position (
  municipality text NOT NULL,
  -- No foreign key: flags are rebuilt, and found again under the same id.
  flag         uuid NOT NULL,
  -- Raised by every position taken.
  version      int NOT NULL CHECK (version > 0),
  kind         text NOT NULL CHECK (kind IN ('act', 'watch', 'dismiss', 'handover')),
  reason       text NOT NULL DEFAULT '' CHECK (reason IN ('', 'known_cause', 'reporting_effect', 'chance', 'duplicate', 'wrong')),
  -- The Monday of the week in which a watched place comes back, and when it did.
  until_week   date CHECK (extract(isodow FROM until_week) = 1),
  returned_at  timestamptz,
  handed_to    text NOT NULL DEFAULT '' CHECK (handed_to IN ('', 'sspf', 'social_services', 'social_emergency', 'police', 'rescue', 'school', 'property_owner', 'local_group', 'other')),
  owner_agency text NOT NULL DEFAULT '',
  owner_person uuid,
  due_on       date,
  action       uuid,
  -- For those who decide, never on a wall and in no event.
  note         text NOT NULL DEFAULT '' CHECK (length(note) <= 500),
  -- What the place was when the position was taken: a place that has grown since says so.
  flag_revision int NOT NULL,
  observed     int NOT NULL,
  decided_at   timestamptz NOT NULL,
  decided_by   uuid,
  meeting      uuid,
  PRIMARY KEY (municipality, flag),
  CHECK ((kind = 'act') = (action IS NOT NULL) AND (kind = 'act') = (due_on IS NOT NULL) AND (kind = 'act') = (owner_agency <> '')),
  CHECK (kind = 'act' OR owner_person IS NULL),
  CHECK ((kind = 'watch') = (until_week IS NOT NULL)),
  CHECK (kind = 'watch' OR returned_at IS NULL),
  CHECK ((kind = 'dismiss') = (reason <> '')),
  CHECK ((kind = 'handover') = (handed_to <> ''))
) WITH (fillfactor = 80);
CREATE INDEX position_watched ON review.position (municipality, until_week) WHERE kind = 'watch' AND returned_at IS NULL;
CREATE INDEX position_decided ON review.position (municipality, decided_at);

-- One process does the review's work at a time, for all municipalities. A second one that does not know it repeats nothing, since all
-- that is written has an identity.
CREATE TABLE review.lease (
  -- Empty: all of them.
  municipality text PRIMARY KEY CHECK (municipality = ''),
  holder       uuid NOT NULL,
  held_until   timestamptz NOT NULL
);

-- An event leaves in the order in which it came, under the id that it was given then: sent twice it is one.
CREATE TABLE review.outgoing (
  municipality text NOT NULL,
  number       bigint GENERATED ALWAYS AS IDENTITY,
  id           text NOT NULL CHECK (length(id) BETWEEN 1 AND 128),
  subject      text NOT NULL,
  body         bytea NOT NULL CHECK (length(body) <= 65536),
  PRIMARY KEY (municipality, number)
);

DO $$
DECLARE
  t text;
  own text := '((SELECT contract.viewer_municipality()) IS NULL OR municipality = (SELECT contract.viewer_municipality()))';
  -- A worker has no viewer. Of viewers, coordinators take positions, and admins set the calendar as well.
  lead text := '((SELECT contract.viewer_municipality()) IS NULL OR municipality = (SELECT contract.viewer_municipality())
    AND string_to_array(current_setting(''samsyn.roles'', true), '','') && %L)';
BEGIN
  FOREACH t IN ARRAY ARRAY['rhythm', 'week', 'position', 'position_event', 'outgoing'] LOOP
    EXECUTE format('ALTER TABLE review.%I ENABLE ROW LEVEL SECURITY', t);
    EXECUTE format('ALTER TABLE review.%I FORCE ROW LEVEL SECURITY', t);
    EXECUTE format('CREATE POLICY review_read ON review.%I FOR SELECT TO samsyn_review USING %s', t, own);
    EXECUTE format('GRANT SELECT, INSERT ON review.%I TO samsyn_review', t);
  END LOOP;
  FOREACH t IN ARRAY ARRAY['position', 'position_event'] LOOP
    EXECUTE format('CREATE POLICY review_add ON review.%I FOR INSERT TO samsyn_review WITH CHECK %s', t, format(lead, '{coordinator}'));
  END LOOP;
  EXECUTE format('CREATE POLICY review_change ON review.position FOR UPDATE TO samsyn_review USING %1$s WITH CHECK %1$s', format(lead, '{coordinator}'));
  EXECUTE format('CREATE POLICY review_set ON review.rhythm TO samsyn_review USING %1$s WITH CHECK %1$s', format(lead, '{coordinator,admin}'));
  -- Whoever decides anything says so.
  EXECUTE format('CREATE POLICY review_add ON review.outgoing FOR INSERT TO samsyn_review WITH CHECK %s', own);
  -- Only the program itself.
  CREATE POLICY review_work ON review.week TO samsyn_review USING ((SELECT contract.viewer_municipality()) IS NULL);
  CREATE POLICY review_work ON review.lease TO samsyn_review USING ((SELECT contract.viewer_municipality()) IS NULL);
  CREATE POLICY review_sent ON review.outgoing FOR DELETE TO samsyn_review USING ((SELECT contract.viewer_municipality()) IS NULL);
  -- A page outside the review reads what was decided, and no note.
  FOREACH t IN ARRAY ARRAY['rhythm', 'week', 'position'] LOOP
    EXECUTE format('CREATE POLICY web_read ON review.%I FOR SELECT TO samsyn_web USING (municipality = (SELECT contract.viewer_municipality()))', t);
  END LOOP;
END
$$;
ALTER TABLE review.lease ENABLE ROW LEVEL SECURITY;
ALTER TABLE review.lease FORCE ROW LEVEL SECURITY;
GRANT SELECT, INSERT, UPDATE, DELETE ON review.lease TO samsyn_review;
GRANT UPDATE ON review.rhythm, review.week, review.position TO samsyn_review;
GRANT DELETE ON review.outgoing TO samsyn_review;
GRANT SELECT ON review.rhythm, review.week TO samsyn_web;
GRANT SELECT (municipality, flag, version, kind, reason, until_week, returned_at, handed_to, owner_agency, owner_person, due_on, action,
  flag_revision, observed, decided_at, decided_by, meeting) ON review.position TO samsyn_web;

-- contract.position is how far streams are read.
CREATE VIEW contract.flag_position WITH (security_invoker = true) AS
  SELECT municipality, flag, version, kind, reason, until_week, returned_at, handed_to, owner_agency, owner_person, due_on, action,
         flag_revision, observed, decided_at, decided_by, meeting FROM review.position;
CREATE VIEW contract.week WITH (security_invoker = true) AS
  SELECT municipality, week, deadline, meeting, reminded_at FROM review.week;
GRANT SELECT ON contract.flag_position, contract.week TO samsyn_review, samsyn_web;
