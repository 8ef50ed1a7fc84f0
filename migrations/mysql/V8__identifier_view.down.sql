DROP TABLE identifier_view;
