/* SPDX-License-Identifier: MIT */
/* What a C++ program puts around the C headers: owners that free, and statuses that throw. It is
 * part of the example and meant to be copied: C++ hosts differ in what they want here (exceptions
 * or none, std::string or views), and an ABI of C stays one that every compiler agrees on. */
#ifndef AURORA_RAII_HPP
#define AURORA_RAII_HPP

#include <aurora/aurora.h>

#include <memory>
#include <stdexcept>
#include <string>
#include <type_traits>

namespace shop_cpp
{

/* One deleter for all results: overloads pick the _free of the type. */
struct free_result {
    void operator()(aurora_t *shop) const noexcept
    {
        aurora_close(shop);
    }
    void operator()(aurora_order *order) const noexcept
    {
        aurora_order_free(order);
    }
    void operator()(aurora_order_page *page) const noexcept
    {
        aurora_order_page_free(page);
    }
    void operator()(aurora_event_page *page) const noexcept
    {
        aurora_event_page_free(page);
    }
    void operator()(aurora_product *product) const noexcept
    {
        aurora_product_free(product);
    }
    void operator()(aurora_queue *queue) const noexcept
    {
        aurora_queue_free(queue);
    }
};

template <typename T> using owned = std::unique_ptr<T, free_result>;

/* A status that is no success. Who catches it asks is_retriable before giving up. */
class failure : public std::runtime_error
{
  public:
    failure(aurora_status status, const aurora_error &err)
        : std::runtime_error(text(status, err)), status_(status), field_(err.field)
    {
    }

    aurora_status status() const noexcept
    {
        return status_;
    }
    const std::string &field() const noexcept
    {
        return field_;
    }
    bool is_retriable() const noexcept
    {
        return aurora_status_is_retriable(status_);
    }

  private:
    static std::string text(aurora_status status, const aurora_error &err)
    {
        std::string text = aurora_status_name(status);
        return text + ": " + err.field + " " + err.message;
    }

    aurora_status status_;
    std::string field_;
};

/* The caller's error struct, and what it throws. */
class check
{
  public:
    check() noexcept : err_()
    {
        err_.size = sizeof err_;
    }

    aurora_error *err() noexcept
    {
        return &err_;
    }

    void operator()(aurora_status status) const
    {
        if (status != AURORA_OK)
            throw failure(status, err_);
    }

  private:
    aurora_error err_;
};

/* Calls of the shape `aurora_status f(..., T **out, aurora_error *err)`: gives the owner of
 * *out. */
template <typename T, typename Call> owned<T> get(Call call)
{
    check ok;
    T *out = nullptr;
    aurora_status status = call(&out, ok.err());
    owned<T> owner(out);
    ok(status);
    return owner;
}

} // namespace shop_cpp

#endif
