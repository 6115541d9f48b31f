// Preloaded before heapray: declares the components of components.js.
import { defineComponents } from '@heapray/instrumentation';

defineComponents(['scheduler', 'dag_processor', 'triggerer', 'importer']);
