ALTER TABLE analytics DROP FOREIGN KEY analytics_ibfk_1;
DROP INDEX house_id_name ON analytics;
CREATE INDEX ix_analytics_name ON analytics (name);
ALTER TABLE analytics DROP COLUMN house_id;
DROP TABLE identifier_dependency;
