-- Roles belong to the cluster, not to a database: this file is run before the migrations, by the
-- administrator, and is idempotent. Nobody logs in as samsyn_owner (owns every object) or as
-- samsyn_rolemaker (owns the one function that makes agency logins: on PostgreSQL 15 a role with
-- CREATEROLE can grant itself pg_execute_server_program, so it must not be reachable).
DO $$
DECLARE
  name text;
BEGIN
  FOREACH name IN ARRAY ARRAY['samsyn_owner', 'samsyn_rolemaker', 'samsyn_agency'] LOOP
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = name) THEN
      EXECUTE format('CREATE ROLE %I NOLOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB', name);
    END IF;
  END LOOP;
  ALTER ROLE samsyn_rolemaker CREATEROLE;
  GRANT samsyn_agency TO samsyn_rolemaker WITH ADMIN OPTION;
  GRANT pg_signal_backend TO samsyn_rolemaker;
  -- The owner gives it the two functions of the first migration.
  GRANT samsyn_rolemaker TO samsyn_owner;
  -- One login role a service: what a service may touch is decided by grants and policies, not by its code.
  FOREACH name IN ARRAY ARRAY['samsyn_registry', 'samsyn_intake', 'samsyn_correlator', 'samsyn_alerting',
                              'samsyn_review', 'samsyn_access', 'samsyn_web'] LOOP
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = name) THEN
      EXECUTE format('CREATE ROLE %I LOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE', name);
    END IF;
    EXECUTE format('ALTER ROLE %I SET idle_in_transaction_session_timeout = %L', name, '15s');
    EXECUTE format('ALTER ROLE %I SET lock_timeout = %L', name, '2s');
    EXECUTE format('ALTER ROLE %I SET statement_timeout = %L', name,
                   CASE WHEN name IN ('samsyn_correlator', 'samsyn_alerting', 'samsyn_review') THEN '30s' ELSE '5s' END);
  END LOOP;
  -- Its statements are index look-ups by key. A plan made while a table was empty would read it whole,
  -- and is kept long after the table has grown.
  ALTER ROLE samsyn_correlator SET enable_seqscan = off;
END
$$;
