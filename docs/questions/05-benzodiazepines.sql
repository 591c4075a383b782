-- Does infusion help less under benzodiazepines taken at home, or given in the session; and at equal baseline, dose, sex and age?
SELECT count(*) AS courses, mean(change(phq9, day => 28, from => 14, to => 31)) AS change
FROM courses WHERE paradigm = 'infusion' GROUP BY benzodiazepine_home;

SELECT count(*) AS courses, mean(change(phq9, day => 28, from => 14, to => 31)) AS change
FROM courses WHERE paradigm = 'infusion' GROUP BY benzodiazepine_session;

SELECT linear(score(phq9, day => 28, from => 14, to => 31),
              baseline(phq9), benzodiazepine_home, dose_mg_per_kg(mean), sex, age) AS adjusted
FROM courses WHERE paradigm = 'infusion'
