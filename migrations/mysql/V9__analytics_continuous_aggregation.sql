-- flask-migrate revision 4d17a2ffbc74
-- Rows that exist get 0, the type's implicit default.
ALTER TABLE analytics ADD COLUMN continuous_aggregation BOOLEAN NOT NULL;
