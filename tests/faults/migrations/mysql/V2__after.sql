UPDATE meter SET n = n * 3 + 1;
