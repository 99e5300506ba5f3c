import { describeScaleVolume } from './scale-volume.ts';

describeScaleVolume('overlay2-28');
