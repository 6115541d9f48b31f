import { serve } from './http.js';
import { OrdersController } from './orders.controller.js';
import { OrdersService } from './orders.service.js';

serve(new OrdersController(new OrdersService()), Number(process.env.PORT ?? 8080));
