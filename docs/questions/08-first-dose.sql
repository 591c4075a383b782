-- How many are relieved by 30 % and by 50 % after intravenous doses, on days 3 and 7, by mg/kg of the first dose?
SELECT count(*) AS courses,
       rate(response(phq9, day => 3, from => 1, to => 4, at_least => 0.3)) AS third_day_3,
       rate(response(phq9, day => 3, from => 1, to => 4, at_least => 0.5)) AS half_day_3,
       rate(response(phq9, day => 7, from => 5, to => 9, at_least => 0.3)) AS third_day_7,
       rate(response(phq9, day => 7, from => 5, to => 9, at_least => 0.5)) AS half_day_7
FROM courses
WHERE route = 'iv'
GROUP BY band(dose_mg_per_kg(first), 0.4, 0.6)
