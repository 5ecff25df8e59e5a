#ifndef CORE_CPU_SHUFFLE_H
#define CORE_CPU_SHUFFLE_H

/*
 * Elements of two equal vectors by a vector of indices, as gcc's __builtin_shuffle, which
 * clang (used by the fuzz targets) does not have: there it is a loop.
 */
#ifdef __clang__
#define vec_shuffle(a, b, mask)                                     \
	({                                                          \
		__typeof__(a) a_ = (a), b_ = (b), r_;               \
		__typeof__(mask) m_ = (mask);                       \
		const int n_ = (int)(sizeof(a_) / sizeof(a_[0]));   \
		for (int i_ = 0; i_ < n_; i_++) {                   \
			int at_ = (int)m_[i_] & (2 * n_ - 1);       \
			r_[i_] = at_ < n_ ? a_[at_] : b_[at_ - n_]; \
		}                                                   \
		r_;                                                 \
	})
#else
#define vec_shuffle(a, b, mask) __builtin_shuffle(a, b, mask)
#endif

#endif
