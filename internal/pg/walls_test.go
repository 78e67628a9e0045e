// SPDX-License-Identifier: EUPL-1.2

package pg_test

import (
	"testing"

	"samsyn/internal/testenv"
)

// What the catalogue must say of every schema of ours, whoever adds to it (trust.md 5). Each query
// lists offenders.
func TestWallsOfTheDatabase(t *testing.T) {
	t.Parallel()
	c := testenv.Postgres(t)
	const ours = `n.nspname !~ '^pg_|^information_schema$|^public$|^migration$'`
	for name, sql := range map[string]string{
		"tables without forced row-level security or a policy": `SELECT format('%s.%s', n.nspname, c.relname)
		  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
		 WHERE ` + ours + ` AND c.relkind IN ('r', 'p') AND NOT c.relispartition
		   AND NOT (c.relrowsecurity AND c.relforcerowsecurity AND EXISTS (SELECT FROM pg_policy p WHERE p.polrelid = c.oid))`,
		"views that read as their owner": `SELECT format('%s.%s', n.nspname, c.relname)
		  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
		 WHERE ` + ours + ` AND (c.relkind = 'm' OR c.relkind = 'v' AND NOT coalesce(c.reloptions, '{}') @> '{security_invoker=true}')`,
		"unique keys that do not start with the municipality": `SELECT i.indexrelid::regclass::text
		  FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid JOIN pg_namespace n ON n.oid = c.relnamespace
		  LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = i.indkey[0]
		 WHERE ` + ours + ` AND i.indisunique AND a.attname IS DISTINCT FROM 'municipality'
		   -- Roles belong to the cluster: a login name is unique in it.
		   AND i.indexrelid::regclass::text NOT IN ('registry.agency_login_pkey')`,
		"definer functions without a pinned search_path": `SELECT p.oid::regprocedure::text
		  FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
		 WHERE ` + ours + ` AND p.prosecdef AND NOT EXISTS (SELECT FROM unnest(p.proconfig) AS s WHERE s LIKE 'search_path=%pg_temp')`,
		"leakproof functions": `SELECT p.oid::regprocedure::text
		  FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace WHERE ` + ours + ` AND p.proleakproof`,
		"roles with more than their grants": `SELECT rolname::text FROM pg_roles
		 WHERE rolname LIKE 'samsyn\_%' AND rolname NOT IN ('samsyn_admin', 'samsyn_rolemaker')
		   AND (rolsuper OR rolbypassrls OR rolcreaterole OR rolcreatedb OR rolreplication)`,
		"roles that may make temporary tables or schemas": `SELECT rolname::text FROM pg_roles
		 WHERE rolname LIKE 'samsyn\_%' AND rolname NOT IN ('samsyn_admin', 'samsyn_owner')
		   AND (has_database_privilege(rolname, current_database(), 'TEMP') OR has_database_privilege(rolname, current_database(), 'CREATE'))`,
		"login roles that may truncate or reference": `SELECT format('%s on %s.%s', r.rolname, n.nspname, c.relname)
		  FROM pg_roles r, pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
		 WHERE ` + ours + ` AND c.relkind IN ('r', 'p') AND r.rolcanlogin AND NOT r.rolsuper AND r.rolname LIKE 'samsyn\_%'
		   AND (has_table_privilege(r.oid, c.oid, 'TRUNCATE') OR has_table_privilege(r.oid, c.oid, 'REFERENCES'))`,
	} {
		if got := query[string](t, c.URL, "SELECT coalesce(string_agg(x.w, ', ' ORDER BY x.w), '') FROM ("+sql+") AS x (w)"); got != "" {
			t.Errorf("%s: %s", name, got)
		}
	}
}
