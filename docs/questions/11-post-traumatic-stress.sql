-- How many with post-traumatic stress improve by 10 points of PCL-5 on days 28 and 90, by way of treatment?
SELECT count(*) AS courses,
       rate(reliable_change(pcl5, day => 28, from => 14, to => 45, by => 10)) AS day_28,
       rate(reliable_change(pcl5, day => 90, from => 60, to => 120, by => 10)) AS day_90
FROM courses
WHERE indication = 'ptsd'
GROUP BY paradigm
