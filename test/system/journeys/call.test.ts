import { journeys } from './suite.ts'

journeys('call')
