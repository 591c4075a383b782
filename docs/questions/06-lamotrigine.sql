-- Does infusion help less under lamotrigine, which acts on glutamate?
SELECT count(*) AS courses, mean(change(phq9, day => 28, from => 14, to => 31)) AS change
FROM courses
WHERE paradigm = 'infusion'
GROUP BY lamotrigine
