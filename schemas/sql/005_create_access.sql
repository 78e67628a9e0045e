-- access: people, their roles, links and sessions, and which reports they may open.
--
-- Who may open which report is decided here and nowhere else: contract.opens is the rule, the policy on
-- correlator.report asks it for every row, and the two functions that read past the policy ask it too.
-- An agency is its login role. A person is a setting of the transaction, looked up in access.person: it
-- must be of the login's agency and not disabled, and its roles are those that are stored and claimed, so
-- that a setting can narrow and never widen.

CREATE SCHEMA access;
GRANT USAGE ON SCHEMA access TO samsyn_access;

CREATE TABLE access.person (
  municipality text NOT NULL,
  person       uuid NOT NULL,
  name         text NOT NULL CHECK (length(name) BETWEEN 1 AND 100),
  email        text NOT NULL CHECK (length(email) BETWEEN 3 AND 254),
  -- Empty for who belongs to none: an administrator or an operator.
  agency       text NOT NULL DEFAULT '',
  unit         text NOT NULL DEFAULT '',
  roles        text[] NOT NULL CHECK (cardinality(roles) > 0
    AND roles <@ ARRAY['reporter', 'agency_lead', 'coordinator', 'member', 'admin', 'operator']),
  created_at   timestamptz NOT NULL,
  -- A person, or 'command' for who did it at a terminal.
  created_by   text NOT NULL,
  disabled_at  timestamptz,
  PRIMARY KEY (municipality, person),
  CHECK (agency <> '' OR roles <@ ARRAY['admin', 'operator']),
  CHECK (unit = '' OR agency <> '')
);
CREATE UNIQUE INDEX person_email ON access.person (municipality, lower(email));
-- Who asks for a link gives an address and no municipality.
CREATE INDEX person_address ON access.person (lower(email)) WHERE disabled_at IS NULL;

-- Links that sign in once, by the SHA-256 of their token.
CREATE TABLE access.link (
  municipality text NOT NULL,
  token        bytea NOT NULL CHECK (length(token) = 32),
  person       uuid NOT NULL,
  kind         text NOT NULL CHECK (kind IN ('invite', 'mail')),
  created_at   timestamptz NOT NULL,
  expires_at   timestamptz NOT NULL CHECK (expires_at > created_at),
  used_at      timestamptz,
  PRIMARY KEY (municipality, token),
  FOREIGN KEY (municipality, person) REFERENCES access.person
);
CREATE INDEX link_token ON access.link (token);
CREATE INDEX link_person ON access.link (municipality, person, created_at);

-- Sessions by the SHA-256 of their token. One that began with the terminal's link has no person and no municipality.
CREATE TABLE access.session (
  municipality text NOT NULL,
  token        bytea NOT NULL CHECK (length(token) = 32),
  person       uuid,
  -- Sends, and sees its own reports: a phone that lies about. Fixed when the session begins.
  write_only   boolean NOT NULL,
  began_at     timestamptz NOT NULL,
  seen_at      timestamptz NOT NULL,
  expires_at   timestamptz NOT NULL CHECK (expires_at > began_at),
  PRIMARY KEY (municipality, token),
  FOREIGN KEY (municipality, person) REFERENCES access.person,
  CHECK ((person IS NULL) = (municipality = ''))
) WITH (fillfactor = 70);
CREATE INDEX session_token ON access.session (token);
CREATE INDEX session_person ON access.session (municipality, person) WHERE person IS NOT NULL;
CREATE INDEX session_expires ON access.session (expires_at);

-- Groups of the agreement narrow who opens a report. Members are agencies, with everybody in them, or single persons.
CREATE TABLE access.grp (
  municipality text NOT NULL,
  grp          text NOT NULL CHECK (grp ~ '^[a-z0-9-]{1,32}$'),
  name         text NOT NULL CHECK (length(name) BETWEEN 1 AND 100),
  PRIMARY KEY (municipality, grp)
);
CREATE TABLE access.membership (
  municipality text NOT NULL,
  grp          text NOT NULL,
  agency       text,
  person       uuid,
  FOREIGN KEY (municipality, grp) REFERENCES access.grp,
  FOREIGN KEY (municipality, person) REFERENCES access.person,
  CHECK (num_nulls(agency, person) = 1)
);
CREATE UNIQUE INDEX membership_once ON access.membership (municipality, grp, agency, person) NULLS NOT DISTINCT;

DO $$
DECLARE
  t text;
BEGIN
  FOREACH t IN ARRAY ARRAY['person', 'link', 'session', 'grp', 'membership'] LOOP
    EXECUTE format('ALTER TABLE access.%I ENABLE ROW LEVEL SECURITY', t);
    EXECUTE format('ALTER TABLE access.%I FORCE ROW LEVEL SECURITY', t);
    -- Signing in knows no municipality yet; an administrator's page has one, and sees and writes that.
    EXECUTE format('CREATE POLICY access_all ON access.%I TO samsyn_access
      USING ((SELECT contract.viewer_municipality()) IS NULL OR municipality = (SELECT contract.viewer_municipality()))
      WITH CHECK ((SELECT contract.viewer_municipality()) IS NULL OR municipality = (SELECT contract.viewer_municipality()))', t);
    EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON access.%I TO samsyn_access', t);
    -- Foreign keys are checked, and the functions below read, as the owner.
    EXECUTE format('CREATE POLICY definer ON access.%I FOR SELECT TO samsyn_owner USING (true)', t);
  END LOOP;
END
$$;
-- Nobody is deleted: what a person decided keeps its name.
REVOKE DELETE ON access.person FROM samsyn_access;

CREATE POLICY others_read ON access.person FOR SELECT TO samsyn_review, samsyn_alerting, samsyn_intake
  USING ((SELECT contract.viewer_municipality()) IS NULL OR municipality = (SELECT contract.viewer_municipality()));
CREATE POLICY web_read ON access.person FOR SELECT TO samsyn_web USING (municipality = (SELECT contract.viewer_municipality()));
GRANT SELECT ON access.person TO samsyn_review, samsyn_alerting, samsyn_intake, samsyn_web;
CREATE POLICY others_read ON access.grp FOR SELECT TO samsyn_review, samsyn_intake, samsyn_correlator
  USING ((SELECT contract.viewer_municipality()) IS NULL OR municipality = (SELECT contract.viewer_municipality()));
GRANT SELECT ON access.grp TO samsyn_review, samsyn_intake, samsyn_correlator;

CREATE VIEW contract.person WITH (security_invoker = true) AS
  SELECT municipality, person, name, email, agency, unit, roles, disabled_at FROM access.person;
CREATE VIEW contract.agreement_group WITH (security_invoker = true) AS
  SELECT municipality, grp, name FROM access.grp;
GRANT SELECT ON contract.person TO samsyn_access, samsyn_review, samsyn_alerting, samsyn_intake, samsyn_web;
GRANT SELECT ON contract.agreement_group TO samsyn_access, samsyn_review, samsyn_intake, samsyn_correlator;

-- Which sharing the viewer's roles open; nothing without a person of the login's own agency, and nothing in an association: it
-- can own an action and sees no report.
CREATE FUNCTION contract.viewer_reach() RETURNS text[]
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
  SELECT CASE WHEN 'coordinator' = ANY (held.roles) THEN ARRAY['partners', 'coordinators']
              WHEN held.roles && ARRAY['agency_lead', 'member'] THEN ARRAY['partners']
              ELSE '{}' END
    FROM (SELECT coalesce((
      SELECT array_agg(stored) FROM access.person p, unnest(p.roles) AS stored
       WHERE p.municipality = contract.app_municipality() AND p.agency = contract.app_agency() AND p.disabled_at IS NULL
         AND EXISTS (SELECT FROM registry.agency a WHERE (a.municipality, a.agency) = (p.municipality, p.agency) AND a.kind <> 'association')
         AND p.person::text = current_setting('samsyn.person', true)
         AND stored = ANY (string_to_array(current_setting('samsyn.roles', true), ','))), '{}') AS roles) held
$$;

-- The groups that the login's agency and the viewer are members of.
CREATE FUNCTION contract.viewer_groups() RETURNS text[]
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
  SELECT coalesce(array_agg(DISTINCT grp), '{}') FROM access.membership
   WHERE municipality = contract.app_municipality()
     AND (agency = contract.app_agency() OR person::text = current_setting('samsyn.person', true))
$$;

-- The rule. What the caller is comes first (its agency, contract.viewer_reach, contract.viewer_groups), then
-- what the report says. It is inlined, so each of the first three stands in it once.
CREATE FUNCTION contract.opens(p_me text, p_reach text[], p_mine text[],
    p_agency text, p_state text, p_test boolean, p_sharing text, p_groups text[], p_share_after timestamptz) RETURNS boolean
  LANGUAGE sql STABLE
  RETURN p_agency = p_me
    OR (p_state = 'accepted' AND NOT p_test AND p_sharing = ANY (p_reach)
        AND (p_groups IS NULL OR p_groups && p_mine)
        AND (p_share_after IS NULL OR p_share_after <= now()));

CREATE POLICY partners_open ON correlator.report FOR SELECT TO samsyn_agency
  USING (municipality = (SELECT contract.app_municipality())
     AND contract.opens((SELECT contract.app_agency()), (SELECT contract.viewer_reach()), (SELECT contract.viewer_groups()),
                        agency, state, test, sharing, groups, share_after));
-- Partners may open a report and never what its agency alone can resolve. That is read by contract.own_reports.
REVOKE SELECT ON correlator.report FROM samsyn_agency, samsyn_web;
GRANT SELECT (municipality, agency, report, revision, batch, state, counted, category, grp, severity, certainty, occurred_from, occurred_to,
  reported_at, stored_at, lon, lat, exactness, place_type, district, area, unit, origin, sharing, groups, share_after, test, day, hour,
  cell, episode, lead, agencies, reports) ON correlator.report TO samsyn_agency, samsyn_web;
GRANT SELECT ON contract.incident TO samsyn_agency;
-- Pages read numbers as samsyn_web: what is not counted is in none. A report is opened through the viewer's agency.
CREATE POLICY counted_only ON correlator.report AS RESTRICTIVE FOR SELECT TO samsyn_web USING (counted);

-- The reports behind a flag that the caller may open.
CREATE POLICY partners_open ON alerting.flag_report FOR SELECT TO samsyn_agency
  USING (municipality = (SELECT contract.app_municipality())
     AND EXISTS (SELECT FROM correlator.report r
                  WHERE r.municipality = flag_report.municipality AND r.agency = flag_report.agency AND r.report = flag_report.report));

CREATE POLICY definer ON correlator.report FOR SELECT TO samsyn_owner USING (true);
CREATE POLICY definer ON correlator.event FOR SELECT TO samsyn_owner USING (true);

CREATE INDEX report_reporter ON correlator.report (municipality, agency, reporter) WHERE reporter IS NOT NULL;

-- contract.own_reports are the caller's agency's reports of one reporter, with its own case number.
CREATE FUNCTION contract.own_reports(p_reporter text) RETURNS TABLE (report text, reference text)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
  SELECT r.report, r.reference FROM correlator.report r
   WHERE r.municipality = contract.app_municipality() AND r.agency = contract.app_agency() AND r.reporter = p_reporter
$$;

-- contract.report_text is what somebody wrote in a report; null when the caller may not open it, when there is
-- none, and when the agency's reports carry no text. What would steer a terminal or a line of text is taken out.
CREATE FUNCTION contract.report_text(p_municipality text, p_agency text, p_report text) RETURNS text
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
  SELECT regexp_replace(ltrim(convert_from(e.body, 'UTF8'), U&'\FEFF')::jsonb #>> '{data,text}',
                        '[\u0001-\u0009\u000B-\u001F\u007F-\u009F\u00AD\u200B-\u200F\u202A-\u202E\u2060-\u2069\uFEFF]', '', 'g')
    FROM correlator.report r
    JOIN correlator.event e ON e.municipality = r.municipality AND e.agency = r.agency AND e.kind = 'incident'
                           AND e.report = r.report AND e.revision = r.revision
   WHERE r.municipality = p_municipality AND r.agency = p_agency AND r.report = p_report
     AND r.municipality = contract.app_municipality()
     AND contract.opens(contract.app_agency(), contract.viewer_reach(), contract.viewer_groups(),
                        r.agency, r.state, r.test, r.sharing, r.groups, r.share_after)
     AND NOT coalesce(e.notes @> '[{"code": "text_off"}]', false)
$$;

-- How many counted reports the caller may not open, by agency: "2 are kept by the police". Behind a flag, and of
-- some days (both included) in an area of any level; the municipality's code is all of it. A caller without an agency
-- opens none.
CREATE FUNCTION contract.kept_of_flag(p_flag uuid) RETURNS TABLE (agency text, reports int)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
  WITH me AS (SELECT coalesce(contract.app_municipality(), contract.viewer_municipality()) AS municipality, contract.app_agency() AS agency,
                     contract.viewer_reach() AS reach, contract.viewer_groups() AS groups)
  SELECT r.agency, count(*)::int
    FROM me
    JOIN alerting.flag_report f ON f.municipality = me.municipality AND f.flag = p_flag
    JOIN correlator.report r ON r.municipality = f.municipality AND r.agency = f.agency AND r.report = f.report
   WHERE r.counted
     AND contract.opens(me.agency, me.reach, me.groups, r.agency, r.state, r.test, r.sharing, r.groups, r.share_after) IS NOT TRUE
   GROUP BY r.agency ORDER BY r.agency
$$;
CREATE FUNCTION contract.kept_in_area(p_area text, p_from date, p_to date) RETURNS TABLE (agency text, reports int)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
  WITH me AS (SELECT coalesce(contract.app_municipality(), contract.viewer_municipality()) AS municipality, contract.app_agency() AS agency,
                     contract.viewer_reach() AS reach, contract.viewer_groups() AS groups)
  SELECT r.agency, count(*)::int
    FROM me
    JOIN correlator.report l ON l.municipality = me.municipality AND l.day BETWEEN p_from AND p_to AND l.lead AND l.counted
     AND p_area IN (l.area, l.district, l.municipality)
    -- The lead itself, and the mates of one that has any.
    CROSS JOIN LATERAL (
      SELECT l.agency, l.state, l.test, l.sharing, l.groups, l.share_after
      UNION ALL
      SELECT o.agency, o.state, o.test, o.sharing, o.groups, o.share_after FROM correlator.report o
       WHERE l.reports > 1 AND o.municipality = l.municipality AND o.episode = l.episode AND o.reports > 1 AND o.counted AND NOT o.lead) r
   WHERE contract.opens(me.agency, me.reach, me.groups, r.agency, r.state, r.test, r.sharing, r.groups, r.share_after) IS NOT TRUE
   GROUP BY r.agency ORDER BY r.agency
$$;
REVOKE ALL ON FUNCTION contract.own_reports(text), contract.report_text(text, text, text),
  contract.kept_of_flag(uuid), contract.kept_in_area(text, date, date) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION contract.own_reports(text), contract.report_text(text, text, text) TO samsyn_agency;
GRANT EXECUTE ON FUNCTION contract.kept_of_flag(uuid), contract.kept_in_area(text, date, date) TO samsyn_agency, samsyn_web;
