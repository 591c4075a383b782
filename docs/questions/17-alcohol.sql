-- How many with alcohol use disorder drop by an AUDIT zone by day 90, and on how many days do they not drink, by kind of assisted therapy?
SELECT count(*) AS courses,
       rate(response(audit, day => 90, from => 60, to => 120)) AS zone_drop,
       mean(abstinent_days) AS abstinent
FROM courses
WHERE indication = 'aud'
GROUP BY paradigm
