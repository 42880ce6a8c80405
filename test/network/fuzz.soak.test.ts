import { describeHandshakeFuzzing } from '../support/fuzz/describe-handshake-fuzzing.ts';
import { describeProtocolFuzzing } from '../support/fuzz/describe-protocol-fuzzing.ts';

const FRAMES = 100_000;

describeHandshakeFuzzing(FRAMES);
describeProtocolFuzzing(FRAMES);
