-- How many have trouble of the bladder or the liver, or become dependent, within a year, by what they were given in all (mg)?
SELECT count(*) AS courses,
       rate(event(urinary_tract, by => 365)) AS urinary,
       rate(event(cystitis, by => 365)) AS cystitis,
       rate(event(liver_enzymes, by => 365)) AS liver,
       rate(event(dependence, by => 365)) AS dependence
FROM courses
GROUP BY band(cumulative_dose_mg(), 200, 400, 800)
