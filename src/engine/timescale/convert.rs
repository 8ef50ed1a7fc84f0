//! From the ledger's first form, which held scripts and snapshots in its rows, to the present one: on
//! the server, in one transaction. A sgmp-db that only knows the first form fails at its first row and
//! changes nothing.

use super::{
    Timescale, session,
    texts::{PIECE, SCRIPT, SNAPSHOT},
};
use crate::{outcome::Failure, target::Target};
use anyhow::{Context, Result};

/// Copies the texts and changes the table. Needs the lock.
pub async fn convert(timescale: &mut Timescale) -> Result<()> {
    let (scripts, snapshots) = (copy("script", SCRIPT), copy("snapshot", SNAPSHOT));
    // Whoever may read the ledger could read its texts.
    let grant = "DO LANGUAGE plpgsql $sgmp_db$ DECLARE reader record; BEGIN \
         FOR reader IN SELECT DISTINCT a.grantee FROM pg_catalog.pg_class c, pg_catalog.aclexplode(c.relacl) a \
         WHERE c.oid = 'public.sgmp_db_ledger'::pg_catalog.regclass AND a.privilege_type = 'SELECT' AND a.grantee <> c.relowner LOOP \
         EXECUTE 'GRANT SELECT ON public.sgmp_db_ledger_text TO ' \
         || CASE reader.grantee WHEN 0 THEN 'PUBLIC' ELSE pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(reader.grantee)) END; \
         END LOOP; END $sgmp_db$";
    let statements = [
        "BEGIN",
        "SET LOCAL lock_timeout = '60s'",
        "SET LOCAL statement_timeout = 0",
        &scripts,
        &snapshots,
        "ALTER TABLE public.sgmp_db_ledger DROP COLUMN script, DROP COLUMN snapshot",
        "COMMENT ON TABLE public.sgmp_db_ledger IS 'sgmp-db ledger format 2'",
        grant,
        "COMMIT",
    ];
    let client = timescale.client().await?;
    client
        .batch_execute(&statements.join(";\n"))
        .await
        .map_err(|error| Failure::failed(session::words(&error)).on(Target::Timescale))
        .context("changing the ledger to its present form")
}

/// `OFFSET 0`: a text is made once, and not once for each of its pieces.
fn copy(column: &str, kind: &str) -> String {
    format!(
        "INSERT INTO public.sgmp_db_ledger_text (entry, kind, part, body) \
         SELECT t.id, '{kind}', p.part, pg_catalog.substr(t.bytes, p.part * {PIECE} + 1, {PIECE}) \
         FROM (SELECT id, pg_catalog.convert_to({column}, 'UTF8') AS bytes FROM public.sgmp_db_ledger \
         WHERE {column} IS NOT NULL OFFSET 0) t \
         CROSS JOIN LATERAL pg_catalog.generate_series(0, GREATEST(pg_catalog.octet_length(t.bytes) - 1, 0) / {PIECE}) AS p (part)"
    )
}
