-- How many respond (PHQ-9 halved) and how many are well (below 5) at the end of a series, by route: observed, and with the missing as no?
SELECT count(*) AS courses,
       rate(response(phq9, day => 28, from => 14, to => 31)) AS response,
       rate(response(phq9, day => 28, from => 14, to => 31, missing => 'non_responder')) AS response_itt,
       rate(remission(phq9, day => 28, from => 14, to => 31, at_most => 4)) AS remission
FROM courses
WHERE indication = 'mdd'
GROUP BY route
