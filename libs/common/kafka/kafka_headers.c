#include "common/kafka/kafka_headers.h"

ErrorCode kafka_headers_new(rd_kafka_headers_t **ret, const KafkaHeader *list, size_t n, Error *err)
{
        _cleanup_(rd_kafka_headers_destroyp) rd_kafka_headers_t *headers = rd_kafka_headers_new(n);

        for (size_t i = 0; i < n; i++) {
                rd_kafka_resp_err_t fault;

                if (!list[i].value)
                        continue;
                fault = rd_kafka_header_add(headers, list[i].name, -1, list[i].value, -1);
                if (fault)
                        return error_set(err, ERROR_INTERNAL, "could not add header %s: %s",
                                         list[i].name, rd_kafka_err2str(fault));
        }
        *ret = TAKE_PTR(headers);
        return ERROR_NONE;
}
