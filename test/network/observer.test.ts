import { describeObserver } from '../support/observer/describe-observer.ts';

describeObserver(3, 2);
