/** `vultus/evaluation`: testing a model on a data set, and the measures. */
export { type Answered, abstentionCurve, answeredAt } from './abstention.js';
export { type EvaluateOptions, type Evaluation, evaluateClips } from './evaluate.js';
export { type Interval, subjectBootstrap } from './interval.js';
export { type EmbeddedClip, type Leakage, leakageOf, leakageText } from './leakage.js';
export { confusionMatrix, type Metrics, metricsBy, metricsOf, type Outcome } from './metrics.js';
export { ageBand, type ClipOutcome, type EvaluationReport, reportOf, reportText } from './report.js';
