import { grams, interval, scaleSentence } from '../format';
import type { Result } from '../wire';
import { FoodCard } from './food-card';
import { Heading } from './heading';
import { AnnotatedPhoto } from './photo';

interface DoneViewProps {
  photoURL: string;
  result: Result;
  message: string;
}

/** The photo with its outlines and, beside it, the total and a card per food. */
export function DoneView({ photoURL, result, message }: DoneViewProps) {
  const { foods } = result.mass_estimation;
  return (
    <>
      <AnnotatedPhoto url={photoURL} result={result} />
      {foods.length === 0 ? <Nothing message={message} /> : <Findings result={result} />}
    </>
  );
}

function Findings({ result }: { result: Result }) {
  const { foods, total_mass_g, total_interval_g } = result.mass_estimation;
  return (
    <section class="findings">
      <div class="total">
        <Heading text={`모두 ${grams(total_mass_g)}`} />
        {total_interval_g && <p>{interval(total_interval_g)} 사이로 봅니다</p>}
        <ScaleNote result={result} />
      </div>
      <ol class="cards">
        {foods.map((food, i) => (
          <FoodCard food={food} index={i} />
        ))}
      </ol>
    </section>
  );
}

function ScaleNote({ result }: { result: Result }) {
  if (result.scale_source !== 'none') return <p class="note">{scaleSentence(result)}</p>;
  return <p class="note advice">크기를 잴 기준이 없어 어림한 값입니다. 동전을 음식 옆에 두고 찍어 주세요.</p>;
}

function Nothing({ message }: { message: string }) {
  return (
    <section class="findings nothing">
      <Heading text="음식이 보이지 않습니다" />
      <p class="lead">{message}</p>
      <ul class="tips">
        <li>음식이 화면에 가득 차도록 위에서 찍어 주세요.</li>
        <li>밝은 곳에서, 흔들리지 않게 찍어 주세요.</li>
        <li>동전을 음식 옆에 두면 더 정확합니다.</li>
      </ul>
    </section>
  );
}
