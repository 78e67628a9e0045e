-- registry: municipalities, areas, property registers, agencies, units, keys, mappings.
-- schema contract: what other services may read; one view a noun, and the functions that policies lean on.

CREATE SCHEMA registry;
CREATE SCHEMA contract;
REVOKE ALL ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA contract TO samsyn_registry, samsyn_intake, samsyn_correlator, samsyn_alerting, samsyn_access, samsyn_web, samsyn_agency;
GRANT USAGE ON SCHEMA registry TO samsyn_registry, samsyn_intake, samsyn_correlator, samsyn_alerting, samsyn_access, samsyn_web, samsyn_agency;

CREATE TABLE registry.municipality (
  municipality text PRIMARY KEY CHECK (municipality ~ '^([0-9]{4}|[a-z0-9-]{2,16})$'),
  name         text NOT NULL,
  time_zone    text NOT NULL DEFAULT 'Europe/Stockholm',
  epsg         int  NOT NULL DEFAULT 3006,
  history_from date NOT NULL,
  -- The clock belongs to the municipality: wall, or replay, where the publisher of the replay sets as_of.
  clock        text NOT NULL DEFAULT 'wall' CHECK (clock IN ('wall', 'replay')),
  as_of        timestamptz CHECK ((clock = 'replay') = (as_of IS NOT NULL)),
  made_up      boolean NOT NULL DEFAULT false,
  -- Raised in the transaction of every change below; readers reload when it moves.
  version      bigint NOT NULL DEFAULT 1,
  created_at   timestamptz NOT NULL
);

CREATE TABLE registry.area (
  municipality text NOT NULL REFERENCES registry.municipality,
  code         text NOT NULL CHECK (code ~ '^[A-Za-z0-9_-]{1,32}$'),
  level        text NOT NULL CHECK (level IN ('municipality', 'district', 'area')),
  name         text NOT NULL,
  parent       text,
  -- The source named the parent; otherwise it follows the polygons and changes with the districts.
  parent_given boolean NOT NULL DEFAULT false,
  -- A district without a border of its own: its geometry is the polygons of its areas.
  made_of_areas boolean NOT NULL DEFAULT false,
  population   int CHECK (population >= 0),
  -- WGS 84 multipolygon, well-known binary, coordinates as they came: nothing is rounded.
  geometry     bytea NOT NULL,
  source       text NOT NULL DEFAULT '',
  retired_at   timestamptz,
  PRIMARY KEY (municipality, code),
  FOREIGN KEY (municipality, parent) REFERENCES registry.area (municipality, code) DEFERRABLE INITIALLY DEFERRED
);

CREATE TABLE registry.agency (
  municipality text NOT NULL REFERENCES registry.municipality,
  agency       text NOT NULL CHECK (agency ~ '^[a-z0-9-]{2,32}$'),
  name         text NOT NULL,
  kind         text NOT NULL DEFAULT 'other' CHECK (kind IN ('municipality', 'police', 'housing', 'guard', 'school', 'association', 'other')),
  started_on   date NOT NULL,
  suspended_at timestamptz,
  sharing      text NOT NULL DEFAULT 'partners' CHECK (sharing IN ('withheld', 'counts', 'coordinators', 'partners')),
  -- The right to flag a place at once with an observed report of severity 4.
  serious      boolean NOT NULL DEFAULT true,
  text_allowed boolean NOT NULL DEFAULT true,
  per_second   int NOT NULL DEFAULT 200 CHECK (per_second > 0),
  -- Room of its streams; 0 leaves it to the size of the store.
  max_bytes    bigint NOT NULL CHECK (max_bytes >= 0),
  PRIMARY KEY (municipality, agency)
);

CREATE TABLE registry.unit (
  municipality text NOT NULL,
  agency       text NOT NULL,
  unit         text NOT NULL CHECK (unit ~ '^[a-z0-9-]{1,32}$'),
  name         text NOT NULL,
  PRIMARY KEY (municipality, agency, unit),
  FOREIGN KEY (municipality, agency) REFERENCES registry.agency
);

CREATE TABLE registry.agency_key (
  municipality text NOT NULL,
  agency       text NOT NULL,
  prefix       text NOT NULL CHECK (prefix ~ '^[a-z0-9]{8,16}$'),
  -- Of sk_<prefix>_<secret>: the SHA-256 of <secret> as it is written. 256 random bits need no slow hash.
  secret_hash  bytea NOT NULL,
  label        text NOT NULL DEFAULT '',
  created_at   timestamptz NOT NULL,
  last_used_at timestamptz,
  revoked_at   timestamptz,
  PRIMARY KEY (municipality, agency, prefix),
  FOREIGN KEY (municipality, agency) REFERENCES registry.agency
);
CREATE INDEX agency_key_prefix ON registry.agency_key (prefix);

CREATE TABLE registry.property (
  municipality text NOT NULL,
  agency       text NOT NULL,
  property     text NOT NULL CHECK (length(property) BETWEEN 1 AND 128),
  address      text NOT NULL DEFAULT '',
  lon          double precision NOT NULL,
  lat          double precision NOT NULL,
  PRIMARY KEY (municipality, agency, property),
  FOREIGN KEY (municipality, agency) REFERENCES registry.agency
);
CREATE INDEX property_address ON registry.property (municipality, agency, lower(address));

CREATE TABLE registry.mapping (
  municipality text NOT NULL,
  agency       text NOT NULL,
  code         text NOT NULL CHECK (length(code) BETWEEN 1 AND 64),
  category     text NOT NULL,
  PRIMARY KEY (municipality, agency, code),
  FOREIGN KEY (municipality, agency) REFERENCES registry.agency
);

-- Which login role is which agency. Policies ask contract.app_agency(), which looks session_user up
-- here: comparing session_user with the row's text directly cannot use an index (collation "C").
CREATE TABLE registry.agency_login (
  login        name NOT NULL PRIMARY KEY,
  municipality text NOT NULL,
  agency       text NOT NULL,
  UNIQUE (municipality, agency),
  FOREIGN KEY (municipality, agency) REFERENCES registry.agency
);

CREATE FUNCTION contract.app_agency() RETURNS text
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = registry, pg_temp
  AS $$ SELECT agency FROM registry.agency_login WHERE login = session_user $$;
CREATE FUNCTION contract.app_municipality() RETURNS text
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = registry, pg_temp
  AS $$ SELECT municipality FROM registry.agency_login WHERE login = session_user $$;
-- The viewer is a setting of the transaction: it can only narrow what the login role may see.
CREATE FUNCTION contract.viewer_municipality() RETURNS text
  LANGUAGE sql STABLE SET search_path = pg_temp
  AS $$ SELECT nullif(pg_catalog.current_setting('samsyn.municipality', true), '') $$;

-- registry.login_name gives the role name of an agency: at most 63 bytes, never guessed from outside.
CREATE FUNCTION registry.login_name(municipality text, agency text) RETURNS name
  LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
  AS $$ SELECT ('samsyn_a_' || municipality || '_' || agency)::name $$;

-- registry.make_login makes (or finds) the login role of an agency and opens it. Its password, or the
-- SCRAM verifier of one, is given by the caller; '' leaves it as it is. Roles are never given anything
-- but membership of samsyn_agency. They belong to the cluster: another database of it may make the
-- same role at the same moment, so nothing is changed that is already right.
CREATE FUNCTION registry.make_login(p_municipality text, p_agency text, p_password text) RETURNS name
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  role_name name := registry.login_name(p_municipality, p_agency);
BEGIN
  BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = role_name) THEN
      EXECUTE format('CREATE ROLE %I LOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE IN ROLE samsyn_agency', role_name);
    END IF;
  EXCEPTION WHEN duplicate_object OR unique_violation THEN
    NULL;
  END;
  IF EXISTS (SELECT FROM pg_roles WHERE rolname = role_name AND NOT rolcanlogin) THEN
    EXECUTE format('ALTER ROLE %I LOGIN', role_name);
  END IF;
  IF p_password <> '' THEN
    EXECUTE format('ALTER ROLE %I PASSWORD %L', role_name, p_password);
  END IF;
  IF NOT EXISTS (SELECT FROM pg_db_role_setting s JOIN pg_roles r ON r.oid = s.setrole
                  WHERE r.rolname = role_name AND s.setdatabase = 0
                    AND s.setconfig @> ARRAY['statement_timeout=5s', 'lock_timeout=2s', 'idle_in_transaction_session_timeout=15s']) THEN
    EXECUTE format('ALTER ROLE %I SET statement_timeout = %L', role_name, '5s');
    EXECUTE format('ALTER ROLE %I SET lock_timeout = %L', role_name, '2s');
    EXECUTE format('ALTER ROLE %I SET idle_in_transaction_session_timeout = %L', role_name, '15s');
  END IF;
  INSERT INTO registry.agency_login (login, municipality, agency)
    VALUES (role_name, p_municipality, p_agency) ON CONFLICT (login) DO NOTHING;
  RETURN role_name;
END
$$;

-- registry.close_login refuses new connections of an agency, from the commit on.
CREATE FUNCTION registry.close_login(p_municipality text, p_agency text) RETURNS void
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  role_name name := registry.login_name(p_municipality, p_agency);
BEGIN
  IF EXISTS (SELECT FROM pg_roles WHERE rolname = role_name AND rolcanlogin) THEN
    EXECUTE format('ALTER ROLE %I NOLOGIN', role_name);
  END IF;
END
$$;

-- registry.end_sessions ends the connections an agency has: to be called when its login is closed and
-- that is committed, or it comes straight back.
CREATE FUNCTION registry.end_sessions(p_municipality text, p_agency text) RETURNS bigint
  LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  AS $$ SELECT count(*) FILTER (WHERE pg_terminate_backend(pid)) FROM pg_stat_activity
        WHERE usename = registry.login_name(p_municipality, p_agency) AND datname = current_database() $$;

GRANT USAGE, CREATE ON SCHEMA registry TO samsyn_rolemaker;
GRANT SELECT, INSERT ON registry.agency_login TO samsyn_rolemaker;
ALTER FUNCTION registry.make_login(text, text, text) OWNER TO samsyn_rolemaker;
ALTER FUNCTION registry.close_login(text, text) OWNER TO samsyn_rolemaker;
ALTER FUNCTION registry.end_sessions(text, text) OWNER TO samsyn_rolemaker;
REVOKE CREATE ON SCHEMA registry FROM samsyn_rolemaker;
REVOKE ALL ON FUNCTION registry.make_login(text, text, text), registry.close_login(text, text), registry.end_sessions(text, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION registry.make_login(text, text, text), registry.close_login(text, text), registry.end_sessions(text, text) TO samsyn_registry;

-- contract.key_used notes that a key was used; the one thing intake may write here.
CREATE FUNCTION contract.key_used(p_municipality text, p_agency text, p_prefix text, p_at timestamptz) RETURNS void
  LANGUAGE sql SECURITY DEFINER SET search_path = registry, pg_temp
  AS $$ UPDATE registry.agency_key SET last_used_at = p_at
        WHERE municipality = p_municipality AND agency = p_agency AND prefix = p_prefix
          AND (last_used_at IS NULL OR last_used_at < p_at - interval '1 minute') $$;
REVOKE ALL ON FUNCTION contract.key_used(text, text, text, timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION contract.key_used(text, text, text, timestamptz) TO samsyn_intake;

-- contract.reference_changed says that something beside the registry changed by which events are judged.
CREATE FUNCTION contract.reference_changed(p_municipality text) RETURNS void
  LANGUAGE sql SECURITY DEFINER SET search_path = registry, pg_temp
  AS $$ UPDATE registry.municipality SET version = version + 1 WHERE municipality = p_municipality $$;
REVOKE ALL ON FUNCTION contract.reference_changed(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION contract.reference_changed(text) TO samsyn_access;

-- Row-level security, forced: the owner of the tables sees nothing either.
DO $$
DECLARE
  t text;
BEGIN
  FOREACH t IN ARRAY ARRAY['municipality', 'area', 'agency', 'unit', 'agency_key', 'property', 'mapping', 'agency_login'] LOOP
    EXECUTE format('ALTER TABLE registry.%I ENABLE ROW LEVEL SECURITY', t);
    EXECUTE format('ALTER TABLE registry.%I FORCE ROW LEVEL SECURITY', t);
    EXECUTE format('CREATE POLICY registry_all ON registry.%I TO samsyn_registry USING (true) WITH CHECK (true)', t);
    EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON registry.%I TO samsyn_registry', t);
  END LOOP;
  -- Reference data: the workers read all of it; the web reads what the viewer's municipality has.
  FOREACH t IN ARRAY ARRAY['municipality', 'area', 'agency', 'unit', 'mapping', 'property'] LOOP
    EXECUTE format('CREATE POLICY workers_read ON registry.%I FOR SELECT TO samsyn_correlator, samsyn_alerting, samsyn_intake, samsyn_access USING (true)', t);
    EXECUTE format('GRANT SELECT ON registry.%I TO samsyn_correlator, samsyn_alerting, samsyn_intake, samsyn_access', t);
  END LOOP;
  FOREACH t IN ARRAY ARRAY['municipality', 'area', 'agency', 'unit'] LOOP
    EXECUTE format('CREATE POLICY web_read ON registry.%I FOR SELECT TO samsyn_web USING (municipality = (SELECT contract.viewer_municipality()))', t);
    EXECUTE format('CREATE POLICY agency_read ON registry.%I FOR SELECT TO samsyn_agency USING (municipality = (SELECT contract.app_municipality()))', t);
    EXECUTE format('GRANT SELECT ON registry.%I TO samsyn_web, samsyn_agency', t);
  END LOOP;
END
$$;
CREATE POLICY intake_read ON registry.agency_key FOR SELECT TO samsyn_intake USING (true);
GRANT SELECT ON registry.agency_key TO samsyn_intake;
CREATE POLICY definer ON registry.agency_key TO samsyn_owner USING (true) WITH CHECK (true);
CREATE POLICY definer ON registry.agency_login TO samsyn_owner, samsyn_rolemaker USING (true) WITH CHECK (true);
CREATE POLICY definer ON registry.municipality FOR UPDATE TO samsyn_owner USING (true) WITH CHECK (true);
-- Foreign keys are checked as the owner.
CREATE POLICY foreign_keys ON registry.municipality FOR SELECT TO samsyn_owner USING (true);
CREATE POLICY foreign_keys ON registry.agency FOR SELECT TO samsyn_owner USING (true);
CREATE POLICY foreign_keys ON registry.area FOR SELECT TO samsyn_owner USING (true);

-- An agency reads its own mapping and register, and no other's.
CREATE POLICY agency_own ON registry.mapping FOR SELECT TO samsyn_agency
  USING (municipality = (SELECT contract.app_municipality()) AND agency = (SELECT contract.app_agency()));
CREATE POLICY agency_own ON registry.property FOR SELECT TO samsyn_agency
  USING (municipality = (SELECT contract.app_municipality()) AND agency = (SELECT contract.app_agency()));
GRANT SELECT ON registry.mapping, registry.property TO samsyn_agency;

CREATE VIEW contract.municipality WITH (security_invoker = true) AS
  SELECT municipality, name, time_zone, epsg, history_from, clock, as_of, made_up, version FROM registry.municipality;
CREATE VIEW contract.area WITH (security_invoker = true) AS
  SELECT municipality, code, level, name, parent, population, geometry, source, retired_at FROM registry.area;
CREATE VIEW contract.agency WITH (security_invoker = true) AS
  SELECT municipality, agency, name, kind, started_on, suspended_at, sharing, serious, text_allowed, per_second, max_bytes,
         registry.login_name(municipality, agency) AS login FROM registry.agency;
CREATE VIEW contract.unit WITH (security_invoker = true) AS
  SELECT municipality, agency, unit, name FROM registry.unit;
CREATE VIEW contract.agency_key WITH (security_invoker = true) AS
  SELECT municipality, agency, prefix, secret_hash, revoked_at FROM registry.agency_key;
CREATE VIEW contract.property WITH (security_invoker = true) AS
  SELECT municipality, agency, property, address, lon, lat FROM registry.property;
CREATE VIEW contract.mapping WITH (security_invoker = true) AS
  SELECT municipality, agency, code, category FROM registry.mapping;
GRANT SELECT ON ALL TABLES IN SCHEMA contract TO samsyn_registry, samsyn_intake, samsyn_correlator, samsyn_alerting, samsyn_access, samsyn_web, samsyn_agency;
