import { describeObserver } from '../support/observer/describe-observer.ts';

describeObserver(5, 3);
