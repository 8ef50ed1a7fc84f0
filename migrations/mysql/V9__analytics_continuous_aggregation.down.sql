ALTER TABLE analytics DROP COLUMN continuous_aggregation;
