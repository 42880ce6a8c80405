import { describeHandshakeFuzzing } from '../support/fuzz/describe-handshake-fuzzing.ts';

const FRAMES = 100_000;

describeHandshakeFuzzing(FRAMES);
