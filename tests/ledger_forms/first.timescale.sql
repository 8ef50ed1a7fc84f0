

-- Dumped from database version 17.12 (Debian 17.12-0+deb13u1)

SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);
SET check_function_bodies = false;
SET xmloption = content;
SET client_min_messages = warning;
SET row_security = off;

SET default_tablespace = '';

SET default_table_access_method = heap;

--

CREATE TABLE public.meter (
    id integer NOT NULL,
    name character varying(64) NOT NULL
);

--

CREATE TABLE public.reading (
    id integer NOT NULL,
    meter_id integer NOT NULL,
    watts integer NOT NULL
);

--

CREATE TABLE public.refinery_schema_history (
    version integer NOT NULL,
    name character varying(255),
    applied_on character varying(255),
    checksum character varying(255)
);

--

CREATE TABLE public.sgmp_db_ledger (
    id bigint NOT NULL,
    event character varying(16) NOT NULL,
    version integer,
    name character varying(255),
    state character varying(16) NOT NULL,
    checksum character varying(80),
    script text,
    statements_total integer NOT NULL,
    statements_done integer NOT NULL,
    in_flight integer,
    in_flight_sha256 character(64),
    evidence text,
    continues bigint,
    started_at timestamp with time zone NOT NULL,
    finished_at timestamp with time zone,
    duration_ms bigint,
    error text,
    os_user character varying(255) NOT NULL,
    os_host character varying(255) NOT NULL,
    database_user character varying(255) NOT NULL,
    tool_version character varying(64) NOT NULL,
    details text,
    snapshot text,
    fingerprint character varying(80)
);

--

COMMENT ON TABLE public.sgmp_db_ledger IS 'sgmp-db ledger format 1';

--

ALTER TABLE public.sgmp_db_ledger ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.sgmp_db_ledger_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

--

INSERT INTO public.meter VALUES (1, 'Küche');
INSERT INTO public.meter VALUES (2, 'Büro € 𝄞');

--

INSERT INTO public.reading VALUES (1, 1, 5);

--

INSERT INTO public.refinery_schema_history VALUES (1, 'meters', '2026-11-27T02:46:13.695668378Z', '10769517890868399323');
INSERT INTO public.refinery_schema_history VALUES (2, 'readings', '2026-11-27T02:46:13.701092762Z', '16120956453100931918');

--

INSERT INTO public.sgmp_db_ledger OVERRIDING SYSTEM VALUE VALUES (1, 'apply', 1, 'meters', 'done', 'sha256:v1:335e39266d1143cc2b537d0921f4151465dda3c0de51c09f2d4dd6c82294b7cc', '-- Zähler und ihre Räume: text of several bytes a character must come through.
CREATE TABLE meter (
  id int PRIMARY KEY,
  name varchar(64) NOT NULL
);
INSERT INTO meter VALUES (1, ''Küche''), (2, ''Büro € 𝄞'');
', 2, 2, NULL, NULL, NULL, NULL, '2026-11-27 02:46:13.696062+00', '2026-11-27 02:46:13.698093+00', 2, NULL, 'operator', 'laptop', 'postgres', '0.1.0', NULL, NULL, NULL);
INSERT INTO public.sgmp_db_ledger OVERRIDING SYSTEM VALUE VALUES (2, 'apply', 2, 'readings', 'done', 'sha256:v1:255fee70e4b25b0512a4b56598f741b553f409515e79bf6689012f135b3cb623', 'CREATE TABLE reading (id int PRIMARY KEY, meter_id int NOT NULL, watts int NOT NULL);
', 1, 1, NULL, NULL, NULL, NULL, '2026-11-27 02:46:13.701402+00', '2026-11-27 02:46:13.704102+00', 3, NULL, 'operator', 'laptop', 'postgres', '0.1.0', NULL, NULL, NULL);
INSERT INTO public.sgmp_db_ledger OVERRIDING SYSTEM VALUE VALUES (3, 'apply', 3, 'half', 'failed', 'sha256:v1:e2bb0cd11074bcd41622e2b41963b229820f3fcfaad16593c804cc4eb02ee345', '-- sgmp-db: no-transaction
INSERT INTO reading VALUES (1, 1, 5);
ALTER TABLE reading ADD COLUMN note absent_type NULL;
UPDATE reading SET watts = watts + 1, note = ''seen'';
', 3, 1, NULL, NULL, NULL, NULL, '2026-11-27 02:46:13.711219+00', '2026-11-27 02:46:13.717934+00', 6, 'type "absent_type" does not exist (SQLSTATE 42704)', 'operator', 'laptop', 'postgres', '0.1.0', NULL, NULL, NULL);

--

SELECT pg_catalog.setval('public.sgmp_db_ledger_id_seq', 3, true);

--

ALTER TABLE ONLY public.meter
    ADD CONSTRAINT meter_pkey PRIMARY KEY (id);

--

ALTER TABLE ONLY public.reading
    ADD CONSTRAINT reading_pkey PRIMARY KEY (id);

--

ALTER TABLE ONLY public.refinery_schema_history
    ADD CONSTRAINT refinery_schema_history_pkey PRIMARY KEY (version);

--

ALTER TABLE ONLY public.sgmp_db_ledger
    ADD CONSTRAINT sgmp_db_ledger_pkey PRIMARY KEY (id);

--

CREATE INDEX ix_sgmp_db_ledger_version ON public.sgmp_db_ledger USING btree (version);

--


