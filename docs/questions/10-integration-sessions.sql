-- How much is left of the change after half a year and a year, by number of integration sessions and way of treatment?
SELECT count(*) AS courses,
       mean(change(phq9, day => 180, from => 150, to => 210)) AS half_year,
       mean(change(phq9, day => 365, from => 335, to => 395)) AS year
FROM courses
GROUP BY band(sessions(integration), 1, 3, 6), paradigm
