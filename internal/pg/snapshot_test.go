// SPDX-License-Identifier: EUPL-1.2

package pg_test

import (
	"flag"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"

	"samsyn/internal/testenv"
)

var update = flag.Bool("update", false, "write testdata/schema.txt anew")

// One line for everything that a migration makes, in an order of its own.
const describe = `-- test: the schema as text
WITH ours AS (SELECT oid, nspname FROM pg_namespace WHERE nspname !~ '^pg_|^information_schema$|^public$|^migration$')
SELECT line FROM (
  SELECT format('%s.%s column %s %s%s%s', n.nspname, c.relname, a.attname, format_type(a.atttypid, a.atttypmod),
                CASE WHEN a.attnotnull THEN ' not null' ELSE '' END, coalesce(' default ' || pg_get_expr(d.adbin, d.adrelid), ''))
    FROM pg_class c JOIN ours n ON n.oid = c.relnamespace JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
    LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
   WHERE c.relkind IN ('r', 'p', 'v')
  UNION ALL
  SELECT format('%s.%s constraint %s %s', n.nspname, c.relname, k.conname, pg_get_constraintdef(k.oid))
    FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid JOIN ours n ON n.oid = c.relnamespace
   WHERE k.contype <> 'n' -- from version 18 on "not null" is a constraint, too
  UNION ALL
  SELECT format('%s.%s index %s', n.nspname, c.relname, pg_get_indexdef(i.indexrelid))
    FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid JOIN ours n ON n.oid = c.relnamespace
  UNION ALL
  SELECT format('%s.%s policy %s %s to %s using %s check %s', p.schemaname, p.tablename, p.policyname, p.cmd, array_to_string(p.roles, ','), p.qual, p.with_check)
    FROM pg_policies p JOIN ours n ON n.nspname = p.schemaname
  UNION ALL
  SELECT format('%s.%s grant %s to %s', g.table_schema, g.table_name, string_agg(g.privilege_type, ',' ORDER BY g.privilege_type), g.grantee)
    FROM information_schema.role_table_grants g JOIN ours n ON n.nspname = g.table_schema
   WHERE g.grantee <> 'samsyn_owner' GROUP BY g.table_schema, g.table_name, g.grantee
  UNION ALL
  SELECT format('%s.%s(%s) function returns %s%s of %s for %s', n.nspname, p.proname, pg_get_function_identity_arguments(p.oid),
                pg_get_function_result(p.oid), CASE WHEN p.prosecdef THEN ' as definer' ELSE '' END, r.rolname,
                (SELECT string_agg(CASE WHEN x.grantee = 0 THEN 'everyone' ELSE x.grantee::regrole::text END, ',' ORDER BY x.grantee::regrole::text)
                   FROM aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) AS x))
    FROM pg_proc p JOIN ours n ON n.oid = p.pronamespace JOIN pg_roles r ON r.oid = p.proowner
) AS all_lines (line) ORDER BY line COLLATE "C"`

// A reader of a change sees what it does to the schema and to everyone's rights, and nobody changes
// either without meaning to. After a migration: go test ./internal/pg -run Snapshot -update.
func TestSnapshotOfTheSchema(t *testing.T) {
	t.Parallel()
	const path = "testdata/schema.txt"
	conn, err := pgx.Connect(t.Context(), testenv.Postgres(t).URL)
	must(t, err)
	rows, err := conn.Query(t.Context(), describe)
	must(t, err)
	lines, err := pgx.CollectRows(rows, pgx.RowTo[string])
	must(t, err)
	must(t, conn.Close(t.Context()))
	var got []byte
	for _, l := range lines {
		got = append(append(got, l...), '\n')
	}
	if *update {
		must(t, os.WriteFile(path, got, 0o644))
	}
	want, err := os.ReadFile(path)
	must(t, err)
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("the schema is not %s (-want +got); if it is meant, go test ./internal/pg -run Snapshot -update\n%s", path, diff)
	}
}
