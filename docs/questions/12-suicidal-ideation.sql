-- Of those who came with active suicidal thoughts (C-SSRS 2 or more), how many have none on days 3, 7 and 28, by route?
SELECT count(*) AS courses,
       rate(remission(c_ssrs, day => 3, from => 1, to => 4, at_most => 0)) AS day_3,
       rate(remission(c_ssrs, day => 7, from => 5, to => 9, at_most => 0)) AS day_7,
       rate(remission(c_ssrs, day => 28, from => 14, to => 31, at_most => 0)) AS day_28
FROM courses
WHERE baseline(c_ssrs) >= 2
GROUP BY route
