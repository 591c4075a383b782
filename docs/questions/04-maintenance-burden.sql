-- How many doses does a course with maintenance take, and how often does one bring on nausea or dissociation, by schedule?
SELECT count(*) AS courses,
       mean(sessions(dosing)) AS doses,
       events_per(nausea, 100, sessions(dosing)) AS nausea,
       events_per(dissociation, 100, sessions(dosing)) AS dissociation
FROM courses
WHERE maintenance_schedule <> 'none'
GROUP BY maintenance_schedule
