-- How often do the common adverse events happen in 100 doses, by route and setting?
SELECT count(*) AS courses,
       events_per(nausea, 100, sessions(dosing)) AS nausea,
       events_per(dizziness, 100, sessions(dosing)) AS dizziness,
       events_per(bp_rise, 100, sessions(dosing)) AS blood_pressure
FROM courses
GROUP BY route, setting
