// What the scale's state means for the people in front of it.
import { scaleGrams } from './format';
import type { ScaleReading } from './wire';

const CHECK_CABLE = '저울 연결을 확인해 주세요.';
const TOO_HEAVY = '너무 무겁습니다. 저울에서 내려 주세요.';
/** Breaks as a whole, so that a narrow line ends with the sentence before it. */
const TELL_STAFF = '직원에게\u00a0알려\u00a0주세요.';

/** The states in which somebody has to do something before the scale weighs again. */
const TROUBLES = new Map([
  ['unplugged', CHECK_CABLE],
  ['timeout', CHECK_CABLE],
  ['glitched', CHECK_CABLE],
  ['faulty', CHECK_CABLE],
  ['saturated', TOO_HEAVY],
  ['overload', TOO_HEAVY],
  ['stuck', `저울이 응답하지 않습니다. ${TELL_STAFF}`],
  ['reversed', `저울 영점을 다시 맞춰야 합니다. ${TELL_STAFF}`],
  ['uncalibrated', `저울 교정이 필요합니다. ${TELL_STAFF}`],
]);

export interface ScaleText {
  text: string;
  /** The text asks for a hand instead of telling a weight. */
  trouble: boolean;
}

/** "저울 412.5 g", while the load moves "저울 … 안정되는 중", or one sentence on what is to be done. */
export function scaleText({ state, net_g }: ScaleReading): ScaleText {
  const trouble = TROUBLES.get(state);
  if (trouble !== undefined) return { text: trouble, trouble: true };
  return { text: state === 'starting' ? '저울을 준비하는 중입니다.' : weight(state, net_g), trouble: false };
}

function weight(state: string, netG: number | null): string {
  const figure = netG === null ? '…' : scaleGrams(netG);
  return state === 'settling' ? `저울 ${figure} 안정되는 중` : `저울 ${figure}`;
}
