-- The extension stays: other tables of the database may use it, and it holds nothing by itself.
DROP TABLE events;
DROP TABLE house_data;
