-- review: actions, from problem to measured effect.
--
-- action is the latest version of each action, action_event every version with who changed what. Together they are the state
-- machine: an action's state is that of its event, an event goes on from the state of the event before it, and the steps that
-- are allowed are listed once, below.

CREATE TABLE review.action_event (
  municipality text NOT NULL,
  action       uuid NOT NULL,
  version      int  NOT NULL CHECK (version > 0),
  previous     int GENERATED ALWAYS AS (nullif(version - 1, 0)) STORED,
  from_state   text CHECK ((version = 1) = (from_state IS NULL)),
  state        text NOT NULL,
  at           timestamptz NOT NULL,
  -- Null where a person is not known: the program itself.
  by           uuid,
  -- The names of what was changed, and the whole action as it became.
  changed      text[] NOT NULL,
  body         jsonb NOT NULL,
  PRIMARY KEY (municipality, action, version),
  UNIQUE (municipality, action, version, state),
  FOREIGN KEY (municipality, action, previous, from_state) REFERENCES review.action_event (municipality, action, version, state),
  CONSTRAINT action_steps CHECK (CASE coalesce(from_state, '')
    WHEN ''            THEN state IN ('proposed', 'decided')
    WHEN 'proposed'    THEN state IN ('proposed', 'decided', 'cancelled')
    WHEN 'decided'     THEN state IN ('decided', 'in_progress', 'done', 'cancelled')
    WHEN 'in_progress' THEN state IN ('in_progress', 'done', 'cancelled')
    WHEN 'done'        THEN state IN ('done', 'in_progress', 'evaluated')
    ELSE false -- evaluated and cancelled are ends
  END)
);

CREATE TABLE review.action (
  municipality text NOT NULL,
  action       uuid NOT NULL,
  version      int  NOT NULL,
  state        text NOT NULL CHECK (state IN ('proposed', 'decided', 'in_progress', 'done', 'evaluated', 'cancelled')),
  -- The flagged place it answers; null where it stands by itself. No foreign key: flags are rebuilt.
  flag         uuid,
  meeting      uuid,
  level        text NOT NULL CHECK (level IN ('municipality', 'district', 'area')),
  area         text NOT NULL,
  -- Group of categories that it is to change; empty: all that are held against an expectation.
  grp          text NOT NULL DEFAULT '' CHECK (grp IN ('', 'damage', 'disorder', 'violence', 'drugs', 'property_crime', 'traffic', 'place')),
  -- Empty is a defect, which the pages name.
  problem      text NOT NULL CHECK (length(problem) <= 500),
  cause        text NOT NULL CHECK (length(cause) <= 500),
  measure      text NOT NULL CHECK (measure IN ('night_walk', 'police_presence', 'guards', 'adult_presence', 'lighting', 'vegetation', 'cleaning',
                 'repair', 'access', 'camera', 'traffic', 'supervision', 'dialogue', 'youth_activity', 'meeting_place', 'information', 'other')),
  measure_text text NOT NULL CHECK (length(measure_text) <= 500),
  owner_agency text NOT NULL,
  owner_person uuid,
  -- Local days. An effect is measured from start_on.
  start_on     date NOT NULL,
  due_on       date NOT NULL,
  expected_effect text NOT NULL CHECK (length(expected_effect) <= 500),
  -- Null is a defect, which the pages name.
  follow_up_on date CHECK (follow_up_on >= start_on),
  -- The area it is compared with, and the local day on which that was chosen: never after the start, when one would know which
  -- area makes it look good.
  control_level text CHECK (control_level IN ('municipality', 'district', 'area')),
  control_area  text CHECK (control_area <> area),
  control_on    date CHECK (control_on <= start_on),
  -- Weeks before and after the start that are compared.
  weeks        int2 NOT NULL DEFAULT 8 CHECK (weeks BETWEEN 1 AND 52),
  done_on      date CHECK ((done_on IS NOT NULL) = (state IN ('done', 'evaluated'))),
  -- What was concluded when it was evaluated, and the effect as it was measured then.
  conclusion   text NOT NULL DEFAULT '' CHECK (length(conclusion) <= 500),
  effect       jsonb,
  created_at   timestamptz NOT NULL,
  created_by   uuid,
  changed_at   timestamptz NOT NULL,
  PRIMARY KEY (municipality, action),
  FOREIGN KEY (municipality, owner_agency) REFERENCES registry.agency (municipality, agency),
  FOREIGN KEY (municipality, action, version, state) REFERENCES review.action_event (municipality, action, version, state),
  CHECK (due_on >= start_on),
  CHECK ((state = 'evaluated') = (conclusion <> '')),
  CHECK (num_nulls(control_level, control_area, control_on) IN (0, 3))
) WITH (fillfactor = 80);
CREATE INDEX action_due ON review.action (municipality, due_on);
CREATE INDEX action_flag ON review.action (municipality, flag) WHERE flag IS NOT NULL;
CREATE INDEX action_meeting ON review.action (municipality, meeting) WHERE meeting IS NOT NULL;

-- Who looks is held here too, not only by the pages. A worker has no viewer and sees all municipalities. A coordinator makes and
-- changes every action; a lead or a member of an agency changes what that agency owns. An association acts and sees what it owns:
-- it is no party to the numbers. A viewer without an agency is the installation's own.
DO $$
DECLARE
  t text;
  at_home text := '((SELECT contract.viewer_municipality()) IS NULL OR municipality = (SELECT contract.viewer_municipality()))';
  worker text := '(SELECT contract.viewer_municipality()) IS NULL';
  coordinator text := '(SELECT string_to_array(current_setting(''samsyn.roles'', true), '','') && ''{coordinator}'')';
  partner text := '(SELECT string_to_array(current_setting(''samsyn.roles'', true), '','') && ''{coordinator,agency_lead,member}''
    AND NOT EXISTS (SELECT FROM contract.agency g WHERE g.municipality = (SELECT contract.viewer_municipality())
      AND g.agency = current_setting(''samsyn.agency'', true) AND g.kind = ''association''))';
  own text := '(owner_agency = (SELECT current_setting(''samsyn.agency'', true))
    AND (SELECT string_to_array(current_setting(''samsyn.roles'', true), '','') && ''{coordinator,agency_lead,member}''))';
  its text := 'EXISTS (SELECT FROM review.action a WHERE (a.municipality, a.action) = (action_event.municipality, action_event.action)%s)';
BEGIN
  FOREACH t IN ARRAY ARRAY['action', 'action_event'] LOOP
    EXECUTE format('ALTER TABLE review.%I ENABLE ROW LEVEL SECURITY', t);
    EXECUTE format('ALTER TABLE review.%I FORCE ROW LEVEL SECURITY', t);
    EXECUTE format('GRANT SELECT, INSERT ON review.%I TO samsyn_review', t);
    EXECUTE format('GRANT SELECT ON review.%I TO samsyn_web', t);
  END LOOP;
  EXECUTE format('CREATE POLICY review_see ON review.action FOR SELECT TO samsyn_review USING (%s AND (%s OR %s OR %s))', at_home, worker, partner, own);
  EXECUTE format('CREATE POLICY review_add ON review.action FOR INSERT TO samsyn_review WITH CHECK (%s AND (%s OR %s))', at_home, worker, coordinator);
  EXECUTE format('CREATE POLICY review_change ON review.action FOR UPDATE TO samsyn_review USING (%1$s AND (%2$s OR %3$s OR %4$s))
    WITH CHECK (%1$s AND (%2$s OR %3$s OR %4$s))', at_home, worker, coordinator, own);
  EXECUTE format('CREATE POLICY web_read ON review.action FOR SELECT TO samsyn_web
    USING (municipality = (SELECT contract.viewer_municipality()) AND (%s OR %s))', partner, own);
  EXECUTE format('CREATE POLICY review_see ON review.action_event FOR SELECT TO samsyn_review USING (%s AND %s)', at_home, format(its, ''));
  EXECUTE format('CREATE POLICY web_read ON review.action_event FOR SELECT TO samsyn_web
    USING (municipality = (SELECT contract.viewer_municipality()) AND %s)', format(its, ''));
  EXECUTE format('CREATE POLICY review_add ON review.action_event FOR INSERT TO samsyn_review WITH CHECK (%s AND (%s OR %s OR %s))',
    at_home, worker, coordinator, format(its, ' AND a.owner_agency = (SELECT current_setting(''samsyn.agency'', true))'));
END
$$;
-- Versions are a record: they are added to and not changed.
GRANT UPDATE ON review.action TO samsyn_review;
-- Foreign keys are checked as the owner.
CREATE POLICY foreign_keys ON review.action FOR SELECT TO samsyn_owner USING (true);
CREATE POLICY foreign_keys ON review.action_event FOR SELECT TO samsyn_owner USING (true);

CREATE VIEW contract.action WITH (security_invoker = true) AS
  SELECT municipality, action, version, state, flag, meeting, level, area, grp, problem, cause, measure, measure_text, owner_agency, owner_person,
         start_on, due_on, expected_effect, follow_up_on, control_level, control_area, control_on, weeks, done_on, conclusion, effect,
         created_at, created_by, changed_at FROM review.action;
CREATE VIEW contract.action_event WITH (security_invoker = true) AS
  SELECT municipality, action, version, from_state, state, at, by, changed FROM review.action_event;
GRANT SELECT ON contract.action, contract.action_event TO samsyn_review, samsyn_web;
