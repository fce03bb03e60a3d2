-- How many files the last look had found below one folder: $1 and $2 the bounds between which the paths below it sort.
SELECT count(*)
  FROM sources
 WHERE left(path, 512) COLLATE "C" >= $1 AND left(path, 512) COLLATE "C" < $2 AND is_active AND size_bytes >= 0
