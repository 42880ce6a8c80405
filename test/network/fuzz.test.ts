import { describeHandshakeFuzzing } from '../support/fuzz/describe-handshake-fuzzing.ts';
import { describeProtocolFuzzing } from '../support/fuzz/describe-protocol-fuzzing.ts';

/** Of each protocol in every run; `fuzz.soak.test.ts` sends a hundred thousand. */
const FRAMES = 500;

describeHandshakeFuzzing(FRAMES);
describeProtocolFuzzing(FRAMES);
