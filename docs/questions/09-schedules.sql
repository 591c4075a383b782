-- How many respond to a series of infusions, by its schedule, and by how many doses were given?
SELECT count(*) AS courses, rate(response(phq9, day => 28, from => 14, to => 31)) AS response
FROM courses WHERE paradigm = 'infusion' GROUP BY schedule;

SELECT count(*) AS courses, rate(response(phq9, day => 28, from => 14, to => 31)) AS response
FROM courses WHERE paradigm = 'infusion' GROUP BY band(sessions(dosing), 5, 7)
