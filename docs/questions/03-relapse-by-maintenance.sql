-- For how long do those who responded stay free of a relapse within a year, by maintenance schedule?
SELECT count(*) AS courses,
       survival(relapse, bucket => 28, until => 364) AS relapse
FROM courses
WHERE maintenance_schedule IN ('none', 'weekly', 'two_weekly', 'monthly', 'on_demand')
GROUP BY maintenance_schedule
