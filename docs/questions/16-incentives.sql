-- How many complete their series, what do they buy in advance and at what price, by who pays?
SELECT count(*) AS courses,
       rate(course_completed) AS completed,
       mean(sessions_bought) AS bought,
       mean(price_per_session) AS price
FROM courses
GROUP BY payer
