-- Do those who dissociate more, or have a stronger mystical experience, improve more, by way of treatment?
SELECT correlation(peak(cadss), change(phq9, day => 28, from => 14, to => 31)) AS dissociation
FROM courses GROUP BY paradigm;

SELECT correlation(peak(meq30), change(phq9, day => 28, from => 14, to => 31)) AS mystical,
       linear(change(phq9, day => 28, from => 14, to => 31), peak(meq30), peak(cadss)) AS both
FROM courses WHERE paradigm IN ('kap_low', 'kap_high')
