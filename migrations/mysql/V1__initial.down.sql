DROP TABLE device;
DROP TABLE analytics;
