-- How far do outcomes vary where no clinic may be named: the spread of the change, its quartiles, and response by setting?
SELECT count(*) AS courses,
       stddev(change(phq9, day => 28, from => 14, to => 31)) AS spread,
       quantile(change(phq9, day => 28, from => 14, to => 31), 0.25) AS lower_quarter,
       quantile(change(phq9, day => 28, from => 14, to => 31), 0.75) AS upper_quarter
FROM courses WHERE indication = 'mdd';

SELECT count(*) AS courses, rate(response(phq9, day => 28, from => 14, to => 31)) AS response
FROM courses WHERE indication = 'mdd' GROUP BY setting
