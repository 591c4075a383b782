-- In how many courses did blood pressure rise by a dose, by high blood pressure before and route?
SELECT count(*) AS courses, rate(event(bp_rise, by => 90)) AS rise
FROM courses
GROUP BY hypertension, route
