-- By how much does PHQ-9 change to day 28 in depression, by way of treatment, and for how many is that not known?
SELECT count(*) AS courses,
       mean(change(phq9, day => 28, from => 14, to => 31)) AS change,
       missing(score(phq9, day => 28, from => 14, to => 31)) AS missing
FROM courses
WHERE indication = 'mdd'
GROUP BY paradigm
