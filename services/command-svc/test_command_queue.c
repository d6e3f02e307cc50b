#include <check.h>
#include <stdlib.h>

#include "command_queue.h"

START_TEST(first_in_first_out_in_batches)
{
        _cleanup_(command_queue_freep) CommandQueue *queue = command_queue_new(10);
        CommandRequest requests[5], *list;

        for (int i = 0; i < 5; i++)
                ck_assert_int_eq(command_queue_push(queue, &requests[i], NULL), ERROR_NONE);
        ck_assert(command_queue_take(queue, 3, -1, &list));
        ck_assert_ptr_eq(list, &requests[0]);
        ck_assert_ptr_eq(list->next->next, &requests[2]);
        ck_assert_ptr_null(requests[2].next);
        ck_assert(command_queue_take(queue, 3, -1, &list));
        ck_assert_ptr_eq(list, &requests[3]);
        ck_assert_ptr_null(requests[4].next);
        ck_assert(command_queue_take(queue, 3, 0, &list));
        ck_assert_ptr_null(list);
}
END_TEST

START_TEST(full_and_closed_are_refused)
{
        _cleanup_(command_queue_freep) CommandQueue *queue = command_queue_new(2);
        CommandRequest requests[3], *list;

        ck_assert_int_eq(command_queue_push(queue, &requests[0], NULL), ERROR_NONE);
        ck_assert_int_eq(command_queue_push(queue, &requests[1], NULL), ERROR_NONE);
        ck_assert_int_eq(command_queue_push(queue, &requests[2], NULL), ERROR_UNAVAILABLE);
        command_queue_close(queue);
        ck_assert(command_queue_take(queue, 1, -1, &list));
        ck_assert_ptr_eq(list, &requests[0]);
        ck_assert_int_eq(command_queue_push(queue, &requests[2], NULL), ERROR_UNAVAILABLE);
        ck_assert(command_queue_take(queue, 1, -1, &list));
        ck_assert_ptr_eq(list, &requests[1]);
        ck_assert(!command_queue_take(queue, 1, -1, &list));
        ck_assert_ptr_null(list);
}
END_TEST

static void *push_one(void *data)
{
        static CommandRequest request;

        return command_queue_push(data, &request, NULL) ? NULL : &request;
}

START_TEST(a_waiting_writer_is_woken)
{
        _cleanup_(command_queue_freep) CommandQueue *queue = command_queue_new(10);
        CommandRequest *list;
        pthread_t thread;
        void *pushed;

        ck_assert_int_eq(pthread_create(&thread, NULL, push_one, queue), 0);
        ck_assert(command_queue_take(queue, 10, -1, &list));
        (void)pthread_join(thread, &pushed);
        ck_assert_ptr_eq(list, pushed);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("command_queue");
        TCase *tcase = tcase_create("command_queue");
        SRunner *runner = srunner_create(suite);
        int failed;

        tcase_add_test(tcase, first_in_first_out_in_batches);
        tcase_add_test(tcase, full_and_closed_are_refused);
        tcase_add_test(tcase, a_waiting_writer_is_woken);
        suite_add_tcase(suite, tcase);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
